#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/message_format.h"
#include "app/cli/session.h"
#include "app/stop_signals.h"
#include "base/clock.h"
#include "client/reader.h"

/// What the ways of `sluice consume` share.
namespace sluice::app {

struct ConsumeOptions {
  ConnectOptions connect;
  std::string topic, group, from = "last", format = "body", tags = "*", model = "pull", mode;
  std::int64_t invisible_seconds = 60;
  bool ordered = false;
  std::int64_t count = 0;         ///< 0: no end
  std::int64_t idle_seconds = 0;  ///< 0: for ever
};

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

/// To standard output. Errors: io_error.
Result<void> write_messages(const std::vector<client::Received>& messages,
                            const MessageFormat& format);

/// By pop; `ordered`: lease_in_order.
Result<void> consume_by_pop(const ConsumeOptions& options, const MessageFormat& format,
                            bool ordered, client::Cluster& cluster, StopSignals& stop);
/// By a listener. `way`: share_queues, lock_queues or read_all_apart.
Result<void> consume_by_push(const ConsumeOptions& options, const MessageFormat& format,
                             ConsumeWay way, StopSignals& stop);

}  // namespace sluice::app
