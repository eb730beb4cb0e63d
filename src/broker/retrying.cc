#include "broker/retrying.h"

#include <limits>

#include <fmt/format.h>

#include "broker/broker.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace {

using namespace wire::record;

constexpr std::string_view kNoDelay = "0";  // as Apache writes it into dead letters

Result<Decoded> read_given(const store::MessageStore& store, LogPosition position,
                           store::Slice& bytes) {
  SLUICE_TRY(bytes, store.read_record(position));
  const Scan found = scan(bytes.bytes, CrcCheck::skip);
  if (found.kind == Scan::Kind::record) return found.record;
  return fail(Errc::not_found, fmt::format("no message lies at {} of the log", position.value));
}

void set_if_missing(std::string& properties, std::string_view name, std::string_view value) {
  if (find_property(properties, name).empty()) append_property(properties, name, value);
}

std::string given_properties(const Decoded& found) {
  std::string properties(found.message.properties);
  set_if_missing(properties, property::kRetryTopic, found.message.topic);
  set_if_missing(properties, property::kOriginMessageId,
                 message_id(found.placement.store_host, found.placement.position));
  set_property(properties, property::kWait, "false");
  return properties;
}

}  // namespace

void mark_dead(std::string& properties, std::int32_t reconsume_times) {
  const auto copy = [&properties](std::string_view from, std::string_view to) {
    const std::string value(find_property(properties, from));
    if (!value.empty()) set_property(properties, to, value);
    return !value.empty();
  };
  copy(property::kRetryTopic, property::kDeadOriginTopic);
  if (!copy(property::kUniqueKey, property::kDeadOriginMessageId)) {
    copy(property::kOriginMessageId, property::kDeadOriginMessageId);
  }
  set_if_missing(properties, property::kDeadReason,
                 fmt::format("delivered again {} times, which is the limit", reconsume_times));
}

Result<std::optional<LogPosition>> give_back(Broker& broker, SendBatch& batch,
                                             const GiveBackQuery& query, WallTime now) {
  const auto group = broker.groups().find(query.group);
  if (!group) {
    return fail(Errc::group_not_found,
                fmt::format("the consumer group {} does not exist", query.group));
  }
  if (group->retry_queues <= 0) return std::nullopt;
  store::Slice bytes;
  SLUICE_TRY(const Decoded found, read_given(broker.store(), query.position, bytes));
  const std::int32_t times = found.message.reconsume_times;
  const std::int32_t asked = query.max_reconsume_times.value_or(-1);
  const std::int32_t most = asked >= 0 ? asked : group->retry_max_times;
  const bool dead = query.delay_level < 0 || times >= most;

  TopicConfig to{.name = std::string(dead ? kDeadPrefix : kRetryPrefix) + group->name};
  to.read_queues = to.write_queues = dead ? 1 : group->retry_queues;
  SLUICE_TRY(const auto topic, broker.topics().ensure(std::move(to), now));
  std::string properties = given_properties(found);
  if (dead) {
    set_property(properties, property::kDelay, kNoDelay);
    if (query.delay_level < 0) {
      set_property(properties, property::kDeadReason, "the consumer wants it no more");
    }
    mark_dead(properties, times);
  } else {
    const int level = query.delay_level > 0
                          ? query.delay_level
                          : group->retry_policy.level(times, broker.schedule().levels());
    set_property(properties, property::kDelay, std::to_string(level));
  }
  SLUICE_CHECK(batch.add({.topic = topic->name(),
                          .queue_id = dead ? 0 : -1,
                          .sys_flag = found.message.sys_flag & ~kTransactionRollback,
                          .flag = found.message.flag,
                          .born_ms = found.message.born_ms,
                          .born_host = found.message.born_host,
                          .reconsume_times = times + 1,
                          // Decided above, with the rule of this request.
                          .max_reconsume_times = std::numeric_limits<std::int32_t>::max(),
                          .properties = properties,
                          .body = found.message.body},
                         now));
  SLUICE_TRY(const LogPosition until, batch.append());
  return until;
}

}  // namespace sluice::broker
