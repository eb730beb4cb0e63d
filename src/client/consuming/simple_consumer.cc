#include <sluice/simple_consumer.h>

#include "client/consuming/in_space.h"
#include "client/consuming/popping.h"
#include "client/engine/stop.h"
#include "client/engine/wait.h"

namespace sluice {

using client::Popping;
using client::Task;

namespace {

Failure not_running() { return {Errc::closed, "this consumer does not run: see status()"}; }

template <class Make>
void run(const std::shared_ptr<Popping>& self, Completion<void> done, Make make) {
  if (!self) return done(not_running());
  self->core().spawn([self, make = std::move(make), done = std::move(done)]() mutable {
    return [](std::shared_ptr<Popping> popping, Make body, Completion<void> told) -> Task<void> {
      told(co_await body(*popping));
    }(self, std::move(make), std::move(done));
  });
}

}  // namespace

SimpleConsumer::SimpleConsumer(Client& client, SimpleConsumerOptions options) {
  auto checked = Popping::check(options);
  if (!checked) {
    status_ = client::to_failure(checked.error());
    return;
  }
  const auto& core = client.core();
  popping_ = std::make_shared<Popping>(core, client::in_space(core->names(), std::move(options)));
  client.core()->post([p = popping_] { p->begin(); });
}

SimpleConsumer::~SimpleConsumer() { close(); }

void SimpleConsumer::close() {
  if (popping_ && !closed_.exchange(true)) client::stop_and_wait(popping_->core(), popping_);
}

Outcome<void> SimpleConsumer::status() const {
  if (status_.code) return status_;
  if (closed_) return Failure{Errc::closed, "this consumer was closed"};
  return {};
}

void SimpleConsumer::begin_receive(const Self& self, Receive receive, Completion<Leases> done) {
  if (!self) return done(not_running());
  if (auto checked = Popping::check(receive); !checked) {
    return done(client::to_failure(checked.error()));
  }
  self->core().post([self, receive, done = std::move(done)]() mutable {
    self->receive(receive, false, [done = std::move(done)](Outcome<Leases> leases) mutable {
      done(std::move(leases));
    });
  });
}

void SimpleConsumer::begin_next(const Self& self, Completion<Lease> done) {
  if (!self) return done(not_running());
  self->core().post([self, done = std::move(done)]() mutable {
    self->receive({.max_messages = 1}, true,
                  [done = std::move(done)](Outcome<Leases> leases) mutable {
                    leases ? done(std::move(leases->front())) : done(leases.error());
                  });
  });
}

void SimpleConsumer::begin_ack(const Self& self, const Lease& lease, Completion<void> done) {
  run(self, std::move(done), [lease](Popping& popping) { return popping.acknowledge(lease); });
}

void SimpleConsumer::begin_change(const Self& self, const Lease& lease,
                                  std::chrono::milliseconds time, Completion<void> done) {
  run(self, std::move(done),
      [lease, time](Popping& popping) { return popping.change(lease, time); });
}

Outcome<SimpleConsumer::Leases> SimpleConsumer::receive(Receive receive) {
  if (!popping_) return status_;
  return client::wait_for<Leases>(popping_->core(), [&](Completion<Leases> done) {
    begin_receive(popping_, receive, std::move(done));
  });
}

Outcome<void> SimpleConsumer::ack(const Lease& lease) {
  if (!popping_) return status_;
  return client::wait_for<void>(popping_->core(), [&](Completion<void> done) {
    begin_ack(popping_, lease, std::move(done));
  });
}

Outcome<void> SimpleConsumer::change_invisible_time(const Lease& lease,
                                                    std::chrono::milliseconds time) {
  if (!popping_) return status_;
  return client::wait_for<void>(popping_->core(), [&](Completion<void> done) {
    begin_change(popping_, lease, time, std::move(done));
  });
}

}  // namespace sluice
