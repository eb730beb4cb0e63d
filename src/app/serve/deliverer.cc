#include "app/serve/deliverer.h"

#include <algorithm>

#include "base/log.h"

namespace sluice::app {
namespace {

constexpr milliseconds kRetryPause{1'000};
// Due times are wall time: a clock that is set forward is noticed after this long.
constexpr milliseconds kLongestSleep{10'000};

}  // namespace

Deliverer::Deliverer(broker::Schedule& schedule, const Clock& clock)
    : schedule_(schedule), clock_(clock) {
  schedule_.on_sooner([this] {
    {
      const std::lock_guard lock(mutex_);
      sooner_ = true;
    }
    wake_.notify_one();
  });
}

void Deliverer::start(doors::BrokerDoor& door) {
  thread_ = std::jthread([this, &door](const std::stop_token& stop) { run(stop, door); });
}

void Deliverer::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Deliverer::run(const std::stop_token& stop, doors::BrokerDoor& door) {
  while (!stop.stop_requested()) {
    const milliseconds sleep = deliver(door);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, sleep, [this] { return sooner_; });
    sooner_ = false;
  }
}

milliseconds Deliverer::deliver(doors::BrokerDoor& door) {
  auto delivered = schedule_.deliver(clock_.wall());
  if (!delivered) {
    log::error("delayed_messages_not_delivered", {{"why", delivered.error().remark()}});
    return kRetryPause;
  }
  if (delivered->lost > 0) {
    log::error("delayed_messages_lost",
               {{"count", static_cast<std::int64_t>(delivered->lost)},
                {"why", "their records cannot be read, or name no topic"}});
  }
  door.announce(std::move(delivered->topics), std::move(delivered->queues), delivered->until);
  if (delivered->more) return milliseconds(0);
  const auto next = schedule_.next_due(clock_.wall());
  if (!next) return kLongestSleep;
  return std::clamp(std::chrono::duration_cast<milliseconds>(*next - clock_.wall()),
                    milliseconds(0), kLongestSleep);
}

}  // namespace sluice::app
