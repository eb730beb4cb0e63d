#include <future>

#include <sluice/completion.h>
#include <sluice/push_consumer.h>

#include "client/consuming/consumption.h"

namespace sluice {

using client::Consumption;
using client::Task;

PushConsumer::PushConsumer(Client& client, PushConsumerOptions options) {
  auto checked = Consumption::check(options);
  if (!checked) {
    status_ = client::to_failure(checked.error());
    return;
  }
  consumption_ = std::make_shared<Consumption>(client.core(), std::move(options));
  client.core()->post([c = consumption_] { c->begin(); });
}

PushConsumer::~PushConsumer() { close(); }

void PushConsumer::close() {
  if (!consumption_) return;
  const auto consumption = std::move(consumption_);
  if (!consumption->core().is_closed()) {
    std::promise<void> ended;
    Completion<bool> told([&ended](const Outcome<bool>&) { ended.set_value(); });
    consumption->core().spawn([consumption, told = std::move(told)]() mutable {
      return [](std::shared_ptr<Consumption> c, Completion<bool> t) -> Task<void> {
        co_await c->stop();
        t(true);
      }(consumption, std::move(told));
    });
    ended.get_future().wait();
  }
  consumption->end_workers();
}

Outcome<void> PushConsumer::status() const {
  if (status_.code) return status_;
  return {};
}

void PushConsumer::suspend() {
  if (consumption_) consumption_->core().post([c = consumption_] { c->suspend(true); });
}

void PushConsumer::resume() {
  if (consumption_) consumption_->core().post([c = consumption_] { c->suspend(false); });
}

std::vector<Queue> PushConsumer::queues() const {
  return consumption_ ? consumption_->queues() : std::vector<Queue>();
}

}  // namespace sluice
