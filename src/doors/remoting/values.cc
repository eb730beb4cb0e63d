#include "doors/remoting/values.h"

namespace sluice::doors {
namespace {

wire::remoting::RetryPolicy to_wire(const broker::RetryPolicy& policy) {
  wire::remoting::RetryPolicy out{
      .is_exponential = policy.type == broker::RetryPolicy::Type::exponential,
      .next_ms = policy.next_ms,
      .exponential = {}};
  if (const auto& growth = policy.exponential) {
    out.exponential.emplace(growth->initial_ms, growth->max_ms, growth->multiplier);
  }
  return out;
}

broker::RetryPolicy from_wire(wire::remoting::RetryPolicy policy) {
  using Type = broker::RetryPolicy::Type;
  broker::RetryPolicy out{.type = policy.is_exponential ? Type::exponential : Type::customized,
                          .next_ms = std::move(policy.next_ms),
                          .exponential = {}};
  if (const auto& growth = policy.exponential) {
    out.exponential.emplace(growth->initial_ms, growth->max_ms, growth->multiplier);
  }
  return out;
}

}  // namespace

wire::remoting::TopicConfig to_wire(const broker::TopicConfig& c) {
  return {.name = c.name,
          .read_queues = c.read_queues,
          .write_queues = c.write_queues,
          .perm = c.perm,
          .filter_type = c.filter_type,
          .sys_flag = c.sys_flag,
          .order = c.order,
          .attributes = c.attributes};
}

broker::TopicConfig from_wire(wire::remoting::TopicConfig c) {
  return {.name = std::move(c.name),
          .read_queues = c.read_queues,
          .write_queues = c.write_queues,
          .perm = c.perm,
          .filter_type = std::move(c.filter_type),
          .sys_flag = c.sys_flag,
          .order = c.order,
          .attributes = std::move(c.attributes)};
}

wire::remoting::GroupConfig to_wire(const broker::GroupConfig& c) {
  return {.name = c.name,
          .consume_enable = c.consume_enable,
          .consume_from_min_enable = c.consume_from_min_enable,
          .consume_broadcast_enable = c.consume_broadcast_enable,
          .consume_orderly = c.consume_orderly,
          .retry_queues = c.retry_queues,
          .retry_max_times = c.retry_max_times,
          .retry_policy = to_wire(c.retry_policy),
          .broker_id = c.broker_id,
          .broker_id_when_slow = c.broker_id_when_slow,
          .notify_members_changed = c.notify_members_changed,
          .sys_flag = c.sys_flag,
          .consume_timeout_minutes = c.consume_timeout_minutes,
          .attributes = c.attributes};
}

broker::GroupConfig from_wire(wire::remoting::GroupConfig c) {
  return {.name = std::move(c.name),
          .consume_enable = c.consume_enable,
          .consume_from_min_enable = c.consume_from_min_enable,
          .consume_broadcast_enable = c.consume_broadcast_enable,
          .consume_orderly = c.consume_orderly,
          .retry_queues = c.retry_queues,
          .retry_max_times = c.retry_max_times,
          .retry_policy = from_wire(std::move(c.retry_policy)),
          .broker_id = c.broker_id,
          .broker_id_when_slow = c.broker_id_when_slow,
          .notify_members_changed = c.notify_members_changed,
          .sys_flag = c.sys_flag,
          .consume_timeout_minutes = c.consume_timeout_minutes,
          .attributes = std::move(c.attributes)};
}

wire::remoting::DataVersion to_wire(const broker::DataVersion& v) {
  return {.state_version = v.state_version, .timestamp = v.timestamp, .counter = v.counter};
}

wire::remoting::TopicTable topic_table(const broker::Topics& topics) {
  wire::remoting::TopicTable table{.version = to_wire(topics.version()), .topics = {}};
  for (const auto& config : topics.configs()) table.topics.push_back(to_wire(*config));
  return table;
}

}  // namespace sluice::doors
