#pragma once

#include "wire/remoting/requests/groups.h"

/// Requests that a broker passes on to clients, and what it makes of them there. Source:
/// apache/rocketmq remoting/protocol/header.
namespace sluice::wire::remoting {

/// A member consumes one message, whatever its progress.
struct ConsumeDirectly {
  static constexpr std::int32_t kCode = 309;
  static constexpr std::string_view kName = "CONSUME_MESSAGE_DIRECTLY";
  std::string_view group, client_id, message_id;
  using Wire = Fields<Required<"consumerGroup", &ConsumeDirectly::group>,
                      Required<"clientId", &ConsumeDirectly::client_id>,
                      Required<"msgId", &ConsumeDirectly::message_id>>;
};

/// Where the members stand in their own memory.
struct GetConsumerStatus {
  static constexpr std::int32_t kCode = 223;
  static constexpr std::string_view kName = "INVOKE_BROKER_TO_GET_CONSUMER_STATUS";
  std::string_view topic, group;
  std::string_view client_id;  ///< empty: of all members
  using Wire = Fields<Required<"topic", &GetConsumerStatus::topic>,
                      Required<"group", &GetConsumerStatus::group>,
                      Optional<"clientAddr", &GetConsumerStatus::client_id>>;
};
/// Broker to client: GET_CONSUMER_STATUS_FROM_CLIENT.
inline constexpr std::int32_t kGetConsumerStatusFromClient = 221;
/// Broker to client, one-way: RESET_CONSUMER_CLIENT_OFFSET.
inline constexpr std::int32_t kResetClientOffset = 220;

struct CloneGroupOffset {
  static constexpr std::int32_t kCode = 314;
  static constexpr std::string_view kName = "CLONE_GROUP_OFFSET";
  std::string_view from, to;
  std::string_view topic;  ///< empty: all of the group's
  using Wire = Fields<Required<"srcGroup", &CloneGroupOffset::from>,
                      Required<"destGroup", &CloneGroupOffset::to>,
                      Optional<"topic", &CloneGroupOffset::topic>>;
};

}  // namespace sluice::wire::remoting
