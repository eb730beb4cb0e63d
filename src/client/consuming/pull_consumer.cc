#include <algorithm>

#include <sluice/pull_consumer.h>

#include "client/consuming/in_space.h"
#include "client/consuming/polling.h"
#include "client/engine/stop.h"
#include "client/engine/wait.h"

namespace sluice {

using client::Core;
using client::Polling;
using client::Task;

namespace {

Failure not_running() { return {Errc::closed, "this consumer does not run: see status()"}; }

/// Runs an operation of the consumer on the client's thread.
template <class T, class Make>
void run(const std::shared_ptr<Polling>& self, Completion<T> done, Make make) {
  if (!self) return done(not_running());
  self->core().spawn([self, make = std::move(make), done = std::move(done)]() mutable {
    return [](std::shared_ptr<Polling> polling, Make body, Completion<T> told) -> Task<void> {
      told(co_await body(*polling));
    }(self, std::move(make), std::move(done));
  });
}

std::function<void(const QueuesChanged&)> told_in_space(
    const client::Names& names, std::function<void(const QueuesChanged&)> tell) {
  return [names, tell = std::move(tell)](const QueuesChanged& changed) {
    tell({.gained = names.stripped(changed.gained), .lost = names.stripped(changed.lost)});
  };
}

}  // namespace

PullConsumer::PullConsumer(Client& client, PullConsumerOptions options) {
  auto checked = Polling::check(options);
  if (!checked) {
    status_ = client::to_failure(checked.error());
    return;
  }
  const auto& core = client.core();
  if (options.on_change) options.on_change = told_in_space(core->names(), options.on_change);
  polling_ = std::make_shared<Polling>(core, client::in_space(core->names(), std::move(options)));
  client.core()->post([p = polling_] { p->begin(); });
}

PullConsumer::~PullConsumer() { close(); }

void PullConsumer::close() {
  if (polling_ && !closed_.exchange(true)) client::stop_and_wait(polling_->core(), polling_);
}

Outcome<void> PullConsumer::status() const {
  if (status_.code) return status_;
  if (closed_) return Failure{Errc::closed, "this consumer was closed"};
  return {};
}

void PullConsumer::begin_poll(const Self& self, std::chrono::milliseconds wait,
                              Completion<Messages> done) {
  if (!self) return done(not_running());
  const auto deadline = Core::now() + std::clamp(wait, std::chrono::milliseconds(0),
                                                 std::chrono::milliseconds(std::chrono::hours(24)));
  self->core().post([self, deadline, done = std::move(done)]() mutable {
    self->poll(
        static_cast<std::size_t>(self->options().max_poll), deadline,
        [done = std::move(done)](Outcome<Messages> given) mutable { done(std::move(given)); });
  });
}

void PullConsumer::begin_next(const Self& self, Completion<ReceivedMessage> done) {
  if (!self) return done(not_running());
  self->core().post([self, done = std::move(done)]() mutable {
    self->poll(1, SteadyTime::max(), [done = std::move(done)](Outcome<Messages> given) mutable {
      given ? done(std::move(given->front())) : done(given.error());
    });
  });
}

void PullConsumer::begin_commit(const Self& self, std::vector<Progress> offsets,
                                Completion<void> done) {
  if (!self) return done(not_running());
  for (Progress& one : offsets) one.queue = self->core().names().wrap(std::move(one.queue));
  run<void>(self, std::move(done), [offsets = std::move(offsets)](Polling& polling) mutable {
    return offsets.empty() ? polling.commit_given() : polling.commit_these(std::move(offsets));
  });
}

void PullConsumer::begin_seek(const Self& self, const Queue& queue, Place place,
                              Completion<void> done) {
  if (!self) return done(not_running());
  run<void>(self, std::move(done),
            [name = self->core().names().wrap(queue), place](Polling& polling) {
              return polling.seek(name, place);
            });
}

Outcome<PullConsumer::Messages> PullConsumer::poll(std::chrono::milliseconds wait) {
  if (!polling_) return status_;
  return client::wait_for<Messages>(polling_->core(), [&](Completion<Messages> done) {
    begin_poll(polling_, wait, std::move(done));
  });
}

Outcome<void> PullConsumer::commit(std::vector<Progress> offsets) {
  if (!polling_) return status_;
  return client::wait_for<void>(polling_->core(), [&](Completion<void> done) {
    begin_commit(polling_, std::move(offsets), std::move(done));
  });
}

Outcome<void> PullConsumer::seek(const Queue& queue, Place place) {
  if (!polling_) return status_;
  return client::wait_for<void>(polling_->core(), [&](Completion<void> done) {
    begin_seek(polling_, queue, place, std::move(done));
  });
}

void PullConsumer::pause(std::vector<Queue> queues) { set_paused(std::move(queues), true); }
void PullConsumer::resume(std::vector<Queue> queues) { set_paused(std::move(queues), false); }

void PullConsumer::set_paused(std::vector<Queue> queues, bool on) {
  if (!polling_) return;
  polling_->core().post([p = polling_, queues = polling_->core().names().wrap(std::move(queues)),
                         on] { p->pause(queues, on); });
}

Outcome<void> PullConsumer::assign(std::vector<Queue> queues) {
  if (!polling_) return status_;
  if (!polling_->options().subscriptions.empty()) {
    return Failure{Errc::invalid_argument,
                   "this consumer has subscriptions: it shares their queues"};
  }
  queues = polling_->core().names().wrap(std::move(queues));
  return client::wait_for_task(polling_->core(),
                               [&] { return polling_->assign(std::move(queues)); });
}

Outcome<void> PullConsumer::subscribe(Subscription subscription) {
  if (!polling_) return status_;
  if (polling_->options().subscriptions.empty()) {
    return Failure{Errc::invalid_argument,
                   "this consumer has no subscriptions: it takes the queues "
                   "that assign() names"};
  }
  if (subscription.topic.empty()) return Failure{Errc::invalid_argument, "no topic is named"};
  subscription = client::in_space(polling_->core().names(), std::move(subscription));
  return client::wait_for_task(polling_->core(),
                               [&] { return polling_->subscribe(std::move(subscription)); });
}

void PullConsumer::unsubscribe(const std::string& topic) {
  if (!polling_) return;
  const std::string name = polling_->core().names().wrap(topic);
  static_cast<void>(
      client::wait_for_task(polling_->core(), [&] { return polling_->unsubscribe(name); }));
}

std::vector<Queue> PullConsumer::queues() const {
  if (!polling_) return {};
  return polling_->core().names().stripped(polling_->queues());
}

Outcome<std::vector<Queue>> PullConsumer::queues_of(const std::string& topic) {
  if (!polling_) return status_;
  using Queues = std::vector<Queue>;
  return client::wait_for<Queues>(polling_->core(), [&](Completion<Queues> done) {
    run<Queues>(polling_, std::move(done), [&](Polling& polling) {
      return [](Core& core, std::string name) -> Task<Outcome<Queues>> {
        auto route = co_await core.routes().refresh(core.names().wrap(name));
        if (!route) co_return client::to_failure(route.error());
        co_return core.names().stripped((*route)->readable);
      }(polling.core(), topic);
    });
  });
}

Outcome<std::int64_t> PullConsumer::position(const Queue& queue) {
  if (!polling_) return status_;
  return client::wait_for<std::int64_t>(polling_->core(), [&](Completion<std::int64_t> done) {
    run<std::int64_t>(polling_, std::move(done),
                      [name = polling_->core().names().wrap(queue)](Polling& polling) {
                        return polling.position(name);
                      });
  });
}

Outcome<std::int64_t> PullConsumer::committed(const Queue& queue) {
  if (!polling_) return status_;
  return client::wait_for<std::int64_t>(polling_->core(), [&](Completion<std::int64_t> done) {
    run<std::int64_t>(polling_, std::move(done),
                      [name = polling_->core().names().wrap(queue)](Polling& polling) {
                        return polling.committed(name);
                      });
  });
}

}  // namespace sluice
