#include "wire/remoting/bodies/group.h"

namespace sluice::wire::remoting {

namespace {

RetryPolicy read_policy(const json::Value& value) {
  RetryPolicy policy{.is_exponential = json::text(value, "type") == "EXPONENTIAL"};
  for (const json::Value& wait :
       json::array(json::object(value, "customizedRetryPolicy"), "next")) {
    if (wait.is_number_integer()) policy.next_ms.push_back(wait.get<std::int64_t>());
  }
  const json::Value& growth = json::object(value, "exponentialRetryPolicy");
  if (growth.empty()) return policy;
  auto& to = policy.exponential.emplace();
  to.initial_ms = json::integer(growth, "initial", to.initial_ms);
  to.max_ms = json::integer(growth, "max", to.max_ms);
  to.multiplier = json::integer(growth, "multiplier", to.multiplier);
  return policy;
}

void write(json::Writer& out, const RetryPolicy& policy) {
  out.begin_object();
  if (!policy.next_ms.empty()) {
    out.key("customizedRetryPolicy").begin_object().key("next").begin_array();
    for (const std::int64_t wait : policy.next_ms) out.value(wait);
    out.end().end();
  }
  if (const auto& growth = policy.exponential) {
    out.key("exponentialRetryPolicy")
        .begin_object()
        .member("initial", growth->initial_ms)
        .member("max", growth->max_ms)
        .member("multiplier", growth->multiplier)
        .end();
  }
  out.member("type", policy.is_exponential ? "EXPONENTIAL" : "CUSTOMIZED").end();
}

}  // namespace

GroupConfig read_group_config(const json::Value& value) {
  GroupConfig out;
  const auto number = [&value](const char* key, std::int32_t fallback) {
    return static_cast<std::int32_t>(json::integer(value, key, fallback));
  };
  out.name = json::text(value, "groupName");
  out.consume_enable = json::boolean(value, "consumeEnable", true);
  out.consume_from_min_enable = json::boolean(value, "consumeFromMinEnable", true);
  out.consume_broadcast_enable = json::boolean(value, "consumeBroadcastEnable", true);
  out.consume_orderly = json::boolean(value, "consumeMessageOrderly", false);
  out.retry_queues = number("retryQueueNums", 1);
  out.retry_max_times = number("retryMaxTimes", 16);
  out.retry_policy = read_policy(json::object(value, "groupRetryPolicy"));
  out.broker_id = json::integer(value, "brokerId", 0);
  out.broker_id_when_slow = json::integer(value, "whichBrokerWhenConsumeSlowly", 1);
  out.notify_members_changed = json::boolean(value, "notifyConsumerIdsChangedEnable", true);
  out.sys_flag = number("groupSysFlag", 0);
  out.consume_timeout_minutes = number("consumeTimeoutMinute", 15);
  for (const auto& [key, text] : json::object(value, "attributes").items()) {
    if (text.is_string()) out.attributes[key] = text.get<std::string>();
  }
  return out;
}

void write(json::Writer& out, const GroupConfig& config) {
  out.begin_object().key("attributes").begin_object();
  for (const auto& [key, value] : config.attributes) out.member(key, value);
  out.end()
      .member("brokerId", config.broker_id)
      .member("consumeBroadcastEnable", config.consume_broadcast_enable)
      .member("consumeEnable", config.consume_enable)
      .member("consumeFromMinEnable", config.consume_from_min_enable)
      .member("consumeMessageOrderly", config.consume_orderly)
      .member("consumeTimeoutMinute", config.consume_timeout_minutes)
      .member("groupName", config.name)
      .key("groupRetryPolicy");
  write(out, config.retry_policy);
  out.member("groupSysFlag", config.sys_flag)
      .member("notifyConsumerIdsChangedEnable", config.notify_members_changed)
      .member("retryMaxTimes", config.retry_max_times)
      .member("retryQueueNums", config.retry_queues)
      .member("whichBrokerWhenConsumeSlowly", config.broker_id_when_slow)
      .end();
}

Result<GroupConfig> decode_group_config(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  return read_group_config(value);
}

Result<std::vector<GroupConfig>> decode_group_list(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  std::vector<GroupConfig> out;
  for (const json::Value& group : json::array(value, "groupConfigList")) {
    out.push_back(read_group_config(group));
  }
  return out;
}

Result<LockBody> LockBody::decode(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  LockBody out{.group = json::text(value, "consumerGroup"),
               .client_id = json::text(value, "clientId"),
               .queues = {}};
  for (const json::Value& queue : json::array(value, "mqSet")) {
    out.queues.push_back(read_message_queue(queue));
  }
  return out;
}

}  // namespace sluice::wire::remoting
