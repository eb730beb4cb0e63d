#include "app/serve/transaction_checker.h"

#include <algorithm>

#include "base/log.h"

namespace sluice::app {
namespace {

constexpr milliseconds kRetryPause{1'000};
// Due times are wall time: a clock that is set forward is noticed after this long.
constexpr milliseconds kLongestSleep{10'000};

}  // namespace

TransactionChecker::TransactionChecker(broker::Broker& broker, const Clock& clock)
    : broker_(broker), clock_(clock) {
  broker.transactions().on_sooner([this] {
    {
      const std::lock_guard lock(mutex_);
      sooner_ = true;
    }
    wake_.notify_one();
  });
}

void TransactionChecker::start(doors::BrokerDoor& door) {
  thread_ = std::jthread([this, &door](const std::stop_token& stop) { run(stop, door); });
}

void TransactionChecker::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void TransactionChecker::run(const std::stop_token& stop, doors::BrokerDoor& door) {
  while (!stop.stop_requested()) {
    const milliseconds sleep = check(door);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, sleep, [this] { return sooner_; });
    sooner_ = false;
  }
}

milliseconds TransactionChecker::check(doors::BrokerDoor& door) {
  auto round = broker_.check_transactions(clock_.wall());
  if (!round) {
    log::error("transactions_not_checked", {{"why", round.error().remark()}});
    return kRetryPause;
  }
  if (round->given_up > 0) {
    log::warn("transactions_undecided",
              {{"count", static_cast<std::int64_t>(round->given_up)},
               {"topic", broker::kUndecidedTopic},
               {"why", "no producer of their groups decided in all the checks"}});
  }
  if (round->lost > 0) {
    log::error("transactions_lost", {{"count", static_cast<std::int64_t>(round->lost)},
                                     {"why", "their records are not in the log any more"}});
  }
  door.announce(std::move(round->topics), std::move(round->queues), round->until);
  if (round->more) return milliseconds(0);
  const auto next = broker_.transactions().next_due();
  if (!next) return kLongestSleep;
  return std::clamp(std::chrono::duration_cast<milliseconds>(*next - clock_.wall()),
                    milliseconds(0), kLongestSleep);
}

}  // namespace sluice::app
