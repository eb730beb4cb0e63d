#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cluster.h"

/// Timed messages that wait at the brokers.
namespace sluice::client {

struct TimedMessage {
  std::string broker, topic, id;
  std::int32_t queue = 0;
  std::int64_t due_ms = 0, stored_ms = 0;
  std::int64_t body_bytes = 0;
  std::string handle;  ///< to take it back with
};

/// The first `max` of a topic (of all when it is empty) that are due at `from_ms` or later, in the
/// order of their times. Errors: unsupported, when no master broker is a Sluice broker: Apache's do
/// not tell.
Result<std::vector<TimedMessage>> timed_messages(Cluster& cluster, const std::string& topic,
                                                 std::int64_t from_ms, std::size_t max);

/// Takes a message back. Gives the id that its producer gave it. Errors: message_illegal (not a
/// handle), the broker's refusal.
Result<std::string> recall(Cluster& cluster, const std::string& handle);

}  // namespace sluice::client
