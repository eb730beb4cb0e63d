#include "app/serve/due_rounds.h"

#include <algorithm>
#include <optional>

#include "base/log.h"

namespace sluice::app {
namespace {

constexpr milliseconds kRetryPause{1'000};
// Due times are wall time: a clock that is set forward is noticed after this long.
constexpr milliseconds kLongestSleep{10'000};

milliseconds sleep_until(std::optional<WallTime> next, const Clock& clock) {
  if (!next) return kLongestSleep;
  return std::clamp(std::chrono::duration_cast<milliseconds>(*next - clock.wall()), milliseconds(0),
                    kLongestSleep);
}

/// Wakes the readers. Gives whether there is more to deliver.
bool announce(broker::Delivered delivered, doors::BrokerDoor& door) {
  if (delivered.lost > 0) {
    log::error("delayed_messages_lost",
               {{"count", static_cast<std::int64_t>(delivered.lost)},
                {"why", "their records cannot be read, or name no topic"}});
  }
  door.announce(std::move(delivered.topics), std::move(delivered.queues), delivered.until);
  return delivered.more;
}

}  // namespace

milliseconds deliver_due(broker::Broker& broker, const Clock& clock, doors::BrokerDoor& door) {
  auto delayed_ones = broker.schedule().deliver(clock.wall());
  auto timed_ones = broker.timers().deliver(clock.wall());
  bool more = false, failed = false;
  for (auto* const delivered : {&delayed_ones, &timed_ones}) {
    if (*delivered) {
      more = announce(std::move(**delivered), door) || more;
      continue;
    }
    log::error("delayed_messages_not_delivered", {{"why", delivered->error().remark()}});
    failed = true;
  }
  if (failed) return kRetryPause;
  if (more) return milliseconds(0);
  const WallTime now = clock.wall();
  const auto delayed = broker.schedule().next_due(now), timed = broker.timers().next_due(now);
  return sleep_until(delayed && timed ? std::min(*delayed, *timed)
                     : delayed        ? delayed
                                      : timed,
                     clock);
}

milliseconds check_transactions(broker::Broker& broker, const Clock& clock,
                                doors::BrokerDoor& door) {
  auto round = broker.check_transactions(clock.wall());
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
  return sleep_until(broker.transactions().next_due(), clock);
}

}  // namespace sluice::app
