#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sluice/pull_consumer.h>
#include <sluice/subscription.h>

#include "app/cli/message_format.h"
#include "app/cli/reach.h"
#include "app/cli/start_position.h"
#include "app/stop_signals.h"

/// What the ways of `sluice consume` share.
namespace sluice::app {

struct ConsumeOptions {
  ReachOptions reach;
  std::string topic, group, from = "last", format = "body", tags = "*", sql, model = "pull", mode;
  std::int64_t invisible_seconds = 60;
  bool ordered = false, broadcast = false, renew = false;
  std::int64_t count = 0;         ///< 0: no end
  std::int64_t idle_seconds = 0;  ///< 0: for ever
};
Subscription subscription_of(const ConsumeOptions& options);

/// How often a signal is looked for while nothing comes.
inline constexpr milliseconds kLook{200};

/// What a model and a mode come to with the protocol that this program speaks.
enum class ConsumeWay : std::uint8_t {
  read_alone,      ///< every queue, as the group's only member
  read_all,        ///< every queue, whoever else reads; nothing is stored
  share_queues,    ///< a member's share of the queues
  lock_queues,     ///< the same, each queue under the broker's lock
  read_all_apart,  ///< every queue as one of many members, each with its own progress
  lease,           ///< message by message
  lease_in_order,  ///< one batch of a queue at a time
};

/// An empty mode is the model's usual one. Errors: invalid_argument, with the modes the model has.
Result<ConsumeWay> consume_way(std::string_view model, std::string_view mode);
/// "pull: exclusive, broadcast; …", for help.
std::string consume_modes();

/// What one of the ways is told.
struct ConsumePlan {
  const ConsumeOptions& options;
  const MessageFormat& format;
  StartPosition from;
  ConsumeWay way;
};

/// Assigns itself all queues, and keeps the offsets.
Result<void> consume_by_pull(const ConsumePlan& plan, StopSignals& stop);
/// By pop.
Result<void> consume_by_pop(const ConsumePlan& plan, StopSignals& stop);
/// By a listener.
Result<void> consume_by_push(const ConsumePlan& plan, StopSignals& stop);

}  // namespace sluice::app
