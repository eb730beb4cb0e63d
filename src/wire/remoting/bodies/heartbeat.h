#pragma once

#include "wire/remoting/bodies/common.h"

/// The body of a heartbeat, and the subscriptions in it.
namespace sluice::wire::remoting {

struct SubscriptionData {
  std::string topic;
  std::string expression = "*";
  std::string type = "TAG";
  std::int64_t version = 0;
};
SubscriptionData read_subscription(const json::Value& value);
void write(json::Writer& out, const SubscriptionData& subscription,
           const std::vector<std::string>& tags, const std::vector<std::int32_t>& codes);

/// Enums come by name, or by ordinal from old C++ clients; here they are ordinals.
struct ConsumerData {
  std::string group;
  std::int32_t consume_type = 1;   ///< 0 actively, 1 passively, 2 pop
  std::int32_t message_model = 1;  ///< 0 broadcasting, 1 clustering
  std::string from_where;
  std::vector<SubscriptionData> subscriptions;
};

/// What a client says about itself every 30 s. Source:
/// remoting/protocol/heartbeat/HeartbeatData.java.
struct HeartbeatBody {
  std::string client_id;
  std::vector<std::string> producer_groups;
  std::vector<ConsumerData> consumers;
  bool without_subscriptions = false;  ///< nothing has changed since the last one

  static Result<HeartbeatBody> decode(Bytes body);
  void encode(Buffer& out) const;
};

std::string_view consume_type_name(std::int32_t ordinal);
std::string_view message_model_name(std::int32_t ordinal);

}  // namespace sluice::wire::remoting
