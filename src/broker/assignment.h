#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/request_modes.h"

/// Which queues of a topic each member of a group reads, when the broker decides it instead of the
/// clients. The results are those of RocketMQ's strategies, so that brokers of both kinds in one
/// cluster agree. Pure functions.
namespace sluice::broker {

/// A topic's readable queues at one broker: numbers 0 to read_queues - 1.
struct BrokerQueues {
  std::string broker;
  std::int32_t read_queues = 0;
};

inline constexpr std::int32_t kAnyQueue = -1;  ///< for pop: the broker chooses

struct QueuePlace {
  std::string broker;
  std::int32_t queue_id = 0;
  friend auto operator<=>(const QueuePlace&, const QueuePlace&) = default;
};

/// All queues, in the order in which clients count them: by broker's name, then by number.
std::vector<QueuePlace> all_queues(std::span<const BrokerQueues> brokers);

struct AssignmentQuery {
  std::string_view client_id;
  std::string_view strategy;  ///< AVG or AVG_BY_CIRCLE
  RequestModeSetting mode;
  std::span<const BrokerQueues> brokers;
  std::vector<std::string> members;  ///< client ids; any order
};

/// The client's queues; none when it is not among the members. Nothing, "keep what you have", when
/// there are no queues or no members, or the strategy is another.
std::optional<std::vector<QueuePlace>> assign(const AssignmentQuery& query);

}  // namespace sluice::broker
