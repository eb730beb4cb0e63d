#include <fmt/format.h>
#include <sluice/push_consumer.h>

#include "client/consuming/consumption.h"
#include "client/consuming/in_space.h"
#include "client/engine/stop.h"
#include "client/engine/wait.h"

namespace sluice {

using client::Consumption;
using client::Task;

PushConsumer::PushConsumer(Client& client, PushConsumerOptions options) {
  auto checked = Consumption::check(options);
  if (!checked) {
    status_ = client::to_failure(checked.error());
    return;
  }
  const auto& core = client.core();
  consumption_ =
      std::make_shared<Consumption>(core, client::in_space(core->names(), std::move(options)));
  client.core()->post([c = consumption_] { c->begin(); });
}

PushConsumer::~PushConsumer() { static_cast<void>(close()); }

Outcome<void> PushConsumer::close() {
  if (!consumption_ || closed_.exchange(true)) return {};
  client::stop_and_wait(consumption_->core(), consumption_);
  const int left = consumption_->end();
  if (left == 0) return {};
  return Failure{
      Errc::timed_out,
      fmt::format("{} batches were still in the program's hands when shutdown_timeout was "
                  "over; their messages come again, to other members",
                  left)};
}

Outcome<void> PushConsumer::status() const {
  if (status_.code) return status_;
  if (closed_) return Failure{Errc::closed, "this consumer was closed"};
  return {};
}

void PushConsumer::suspend() {
  if (consumption_) consumption_->core().post([c = consumption_] { c->suspend(true); });
}

void PushConsumer::resume() {
  if (consumption_) consumption_->core().post([c = consumption_] { c->suspend(false); });
}

Outcome<void> PushConsumer::subscribe(Subscription subscription) {
  if (!consumption_) return status_;
  if (subscription.topic.empty()) return Failure{Errc::invalid_argument, "no topic is named"};
  subscription = client::in_space(consumption_->core().names(), std::move(subscription));
  return client::wait_for_task(consumption_->core(),
                               [&] { return consumption_->subscribe(std::move(subscription)); });
}

void PushConsumer::unsubscribe(const std::string& topic) {
  if (!consumption_) return;
  const std::string name = consumption_->core().names().wrap(topic);
  static_cast<void>(
      client::wait_for_task(consumption_->core(), [&] { return consumption_->unsubscribe(name); }));
}

std::vector<Queue> PushConsumer::queues() const {
  if (!consumption_) return {};
  return consumption_->core().names().stripped(consumption_->queues());
}

void PushConsumer::begin_next(const std::shared_ptr<Consumption>& consumption,
                              Completion<Delivery> done) {
  if (!consumption) return done(Failure{Errc::closed, "this consumer does not run: see status()"});
  if (consumption->has_listener()) {
    return done(Failure{Errc::invalid_argument, "this consumer gives its messages to a listener"});
  }
  consumption->core().post(
      [consumption, done = std::move(done)]() mutable { consumption->next(std::move(done)); });
}

Outcome<Delivery> PushConsumer::next_blocking() {
  if (!consumption_) return status_;
  return client::wait_for<Delivery>(
      consumption_->core(), [this](auto done) { begin_next(consumption_, std::move(done)); });
}

Delivery& Delivery::operator=(Delivery&& other) noexcept {
  if (this == &other) return *this;
  if (handed_) settle({.done = false});
  handed_ = std::move(other.handed_);
  return *this;
}

Delivery::~Delivery() {
  if (handed_) settle({.done = false});
}

const ReceivedMessage& Delivery::message() const { return handed_->message; }

void Delivery::settle(Verdict verdict) {
  const auto handed = std::move(handed_);
  if (handed) handed->consumption->settle(handed, verdict);
}

}  // namespace sluice
