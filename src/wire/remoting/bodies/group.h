#pragma once

#include <map>
#include <optional>
#include <vector>

#include "wire/remoting/bodies/common.h"

namespace sluice::wire::remoting {

/// Source: remoting/protocol/subscription/ExponentialRetryPolicy.java.
struct ExponentialRetry {
  std::int64_t initial_ms = 5'000;
  std::int64_t max_ms = 7'200'000;
  std::int64_t multiplier = 2;
};

/// How long a group's retries wait. Source: remoting/protocol/subscription/GroupRetryPolicy.java.
struct RetryPolicy {
  bool is_exponential = false;  ///< type EXPONENTIAL, else CUSTOMIZED
  std::vector<std::int64_t> next_ms;
  std::optional<ExponentialRetry> exponential;
};

/// Source: remoting/protocol/subscription/SubscriptionGroupConfig.java.
struct GroupConfig {
  std::string name;
  bool consume_enable = true;
  bool consume_from_min_enable = true;
  bool consume_broadcast_enable = true;
  bool consume_orderly = false;
  std::int32_t retry_queues = 1;
  std::int32_t retry_max_times = 16;
  RetryPolicy retry_policy;
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
