#pragma once

#include <map>

#include "wire/remoting/bodies/common.h"

namespace sluice::wire::remoting {

/// Source: remoting/protocol/subscription/SubscriptionGroupConfig.java.
struct GroupConfig {
  std::string name;
  bool consume_enable = true;
  bool consume_from_min_enable = true;
  bool consume_broadcast_enable = true;
  bool consume_orderly = false;
  std::int32_t retry_queues = 1;
  std::int32_t retry_max_times = 16;
  std::int64_t broker_id = 0;
  std::int64_t broker_id_when_slow = 1;
  bool notify_members_changed = true;
  std::int32_t sys_flag = 0;
  std::int32_t consume_timeout_minutes = 15;
  std::map<std::string, std::string> attributes;
};
GroupConfig read_group_config(const json::Value& value);
void write(json::Writer& out, const GroupConfig& config);

Result<GroupConfig> decode_group_config(Bytes body);
/// `{"groupConfigList":[…]}`
Result<std::vector<GroupConfig>> decode_group_list(Bytes body);

/// Queues that a client wants to lock or unlock.
/// Source: remoting/protocol/body/LockBatchRequestBody.java.
struct LockBody {
  std::string group;
  std::string client_id;
  std::vector<MessageQueue> queues;
  static Result<LockBody> decode(Bytes body);
};

}  // namespace sluice::wire::remoting
