#include "broker/snapshots.h"

#include <optional>

#include <fmt/format.h>

#include "broker/snapshot_json.h"

namespace sluice::broker {
namespace {

/// In consumerOffset.json; Apache's broker skips what it does not know.
constexpr const char* kLogOffset = "sluiceLogOffset";

using snapshot::Json;
using snapshot::number_of;
using snapshot::parse_object;
using snapshot::print;
using snapshot::take;
using snapshot::to_json;
using snapshot::version_of;

Json to_json(const TopicConfig& config) {
  return Json::object({{"attributes", config.attributes},
                       {"order", config.order},
                       {"perm", config.perm},
                       {"readQueueNums", config.read_queues},
                       {"topicFilterType", config.filter_type},
                       {"topicName", config.name},
                       {"topicSysFlag", config.sys_flag},
                       {"writeQueueNums", config.write_queues}});
}

void read_config(const Json& value, TopicConfig& config) {
  take(value, "attributes", config.attributes);
  take(value, "order", config.order);
  take(value, "perm", config.perm);
  take(value, "readQueueNums", config.read_queues);
  take(value, "topicFilterType", config.filter_type);
  take(value, "topicSysFlag", config.sys_flag);
  take(value, "writeQueueNums", config.write_queues);
}

Json to_json(const RetryPolicy& policy) {
  const bool exponential = policy.type == RetryPolicy::Type::exponential;
  Json value = Json::object({{"type", exponential ? "EXPONENTIAL" : "CUSTOMIZED"}});
  if (!policy.next_ms.empty()) value["customizedRetryPolicy"] = {{"next", policy.next_ms}};
  if (const auto& growth = policy.exponential) {
    value["exponentialRetryPolicy"] = {{"initial", growth->initial_ms},
                                       {"max", growth->max_ms},
                                       {"multiplier", growth->multiplier}};
  }
  return value;
}

void read_policy(const Json& value, RetryPolicy& policy) {
  if (!value.is_object()) return;
  if (value.value("type", Json()) == "EXPONENTIAL") policy.type = RetryPolicy::Type::exponential;
  const Json growth = value.value("exponentialRetryPolicy", Json());
  if (growth.is_object()) {
    auto& to = policy.exponential.emplace();
    take(growth, "initial", to.initial_ms);
    take(growth, "max", to.max_ms);
    take(growth, "multiplier", to.multiplier);
  }
  const Json custom = value.value("customizedRetryPolicy", Json());
  if (!custom.is_object()) return;
  for (const Json& wait : custom.value("next", Json::array())) {
    if (const auto ms = number_of<std::int64_t>(wait)) policy.next_ms.push_back(*ms);
  }
}

Json to_json(const GroupConfig& config) {
  return Json::object({{"attributes", config.attributes},
                       {"brokerId", config.broker_id},
                       {"consumeBroadcastEnable", config.consume_broadcast_enable},
                       {"consumeEnable", config.consume_enable},
                       {"consumeFromMinEnable", config.consume_from_min_enable},
                       {"consumeMessageOrderly", config.consume_orderly},
                       {"consumeTimeoutMinute", config.consume_timeout_minutes},
                       {"groupName", config.name},
                       {"groupRetryPolicy", to_json(config.retry_policy)},
                       {"groupSysFlag", config.sys_flag},
                       {"notifyConsumerIdsChangedEnable", config.notify_members_changed},
                       {"retryMaxTimes", config.retry_max_times},
                       {"retryQueueNums", config.retry_queues},
                       {"whichBrokerWhenConsumeSlowly", config.broker_id_when_slow}});
}

void read_config(const Json& value, GroupConfig& config) {
  take(value, "attributes", config.attributes);
  take(value, "brokerId", config.broker_id);
  take(value, "consumeBroadcastEnable", config.consume_broadcast_enable);
  take(value, "consumeEnable", config.consume_enable);
  take(value, "consumeFromMinEnable", config.consume_from_min_enable);
  take(value, "consumeMessageOrderly", config.consume_orderly);
  take(value, "consumeTimeoutMinute", config.consume_timeout_minutes);
  take(value, "groupSysFlag", config.sys_flag);
  take(value, "notifyConsumerIdsChangedEnable", config.notify_members_changed);
  take(value, "retryMaxTimes", config.retry_max_times);
  if (const auto policy = value.find("groupRetryPolicy"); policy != value.end()) {
    read_policy(*policy, config.retry_policy);
  }
  take(value, "retryQueueNums", config.retry_queues);
  take(value, "whichBrokerWhenConsumeSlowly", config.broker_id_when_slow);
}

/// {name: config, …}; empty is {} and not null.
template <class Config>
Json table_of(const std::vector<std::shared_ptr<const Config>>& configs) {
  Json table = Json::object();
  for (const auto& config : configs) table[config->name] = to_json(*config);
  return table;
}

/// The file's member `table`, one config for each of its members; the member's key is the name.
template <class Snapshot>
Result<Snapshot> read_table(std::string_view text, const char* file, const char* table) {
  const auto value = parse_object(text);
  if (!value) return fail(Errc::malformed, fmt::format("{}: not a JSON object", file));
  Snapshot snapshot;
  snapshot.version = version_of(*value);
  const auto found = value->find(table);
  if (found == value->end()) return snapshot;
  if (!found->is_object()) {
    return fail(Errc::malformed, fmt::format("{}: {} is not an object", file, table));
  }
  for (const auto& [name, config] : found->items()) {
    if (!config.is_object()) {
      return fail(Errc::malformed, fmt::format("{}: {} in {} is not an object", file, name, table));
    }
    auto& to = snapshot.configs.emplace_back();
    to.name = name;
    read_config(config, to);
  }
  return snapshot;
}

Result<delivery::Progress::Entry> read_entry(const std::string& key, const Json& offsets) {
  const std::size_t at = key.find('@');
  if (at == std::string::npos || !offsets.is_object()) {
    return fail(Errc::malformed,
                fmt::format("consumerOffset.json: {} is not topic@group with an object", key));
  }
  delivery::Progress::Entry entry{
      .topic = key.substr(0, at), .group = key.substr(at + 1), .offsets = {}};
  for (const auto& [queue, offset] : offsets.items()) {
    const auto id = parse_number<std::int32_t>(queue);
    const auto next = number_of<std::int64_t>(offset);
    if (!id || *id < 0 || !next) {
      return fail(Errc::malformed, fmt::format("consumerOffset.json: queue {} of {}", queue, key));
    }
    // Apache's broker writes -1 for a queue of which nothing was consumed.
    if (*next >= 0) entry.offsets[*id] = *next;
  }
  return entry;
}

}  // namespace

std::string topics_to_json(const std::vector<std::shared_ptr<const TopicConfig>>& configs,
                           const DataVersion& version) {
  return print({{"dataVersion", to_json(version)}, {"topicConfigTable", table_of(configs)}});
}

Result<TopicsSnapshot> topics_from_json(std::string_view text) {
  return read_table<TopicsSnapshot>(text, "topics.json", "topicConfigTable");
}

std::string groups_to_json(const std::vector<std::shared_ptr<const GroupConfig>>& configs,
                           const DataVersion& version) {
  Json forbidden = Json::object();
  for (const auto& config : configs) {
    if (!config->forbidden.empty()) forbidden[config->name] = config->forbidden;
  }
  return print({{"dataVersion", to_json(version)},
                {"forbiddenTable", std::move(forbidden)},
                {"subscriptionGroupTable", table_of(configs)}});
}

Result<GroupsSnapshot> groups_from_json(std::string_view text) {
  SLUICE_TRY(auto snapshot,
             read_table<GroupsSnapshot>(text, "subscriptionGroup.json", "subscriptionGroupTable"));
  const auto value = parse_object(text);
  const Json forbidden = value ? value->value("forbiddenTable", Json::object()) : Json::object();
  for (GroupConfig& config : snapshot.configs) {
    if (forbidden.is_object()) take(forbidden, config.name.c_str(), config.forbidden);
  }
  return snapshot;
}

std::string progress_to_json(const ProgressSnapshot& snapshot) {
  Json table = Json::object();
  for (const auto& entry : snapshot.entries) {
    Json& offsets = table[entry.topic + "@" + entry.group] = Json::object();
    for (const auto& [queue, next] : entry.offsets) offsets[std::to_string(queue)] = next;
  }
  Json file = Json::object();
  file["dataVersion"] = to_json(snapshot.version);
  file["offsetTable"] = std::move(table);
  if (snapshot.log_offset) file[kLogOffset] = *snapshot.log_offset;
  return print(file);
}

Result<ProgressSnapshot> progress_from_json(std::string_view text) {
  const auto value = parse_object(text);
  if (!value) return fail(Errc::malformed, "consumerOffset.json: not a JSON object");
  ProgressSnapshot snapshot{.entries = {}, .log_offset = {}, .version = version_of(*value)};
  if (const auto at = value->find(kLogOffset); at != value->end()) {
    snapshot.log_offset = number_of<std::int64_t>(*at);
  }
  const auto table = value->find("offsetTable");
  if (table == value->end()) return snapshot;
  if (!table->is_object()) {
    return fail(Errc::malformed, "consumerOffset.json: offsetTable is not an object");
  }
  for (const auto& [key, offsets] : table->items()) {
    SLUICE_TRY(auto entry, read_entry(key, offsets));
    snapshot.entries.push_back(std::move(entry));
  }
  return snapshot;
}

std::string schedule_to_json(const Schedule::Snapshot& snapshot) {
  Json table = Json::object();
  for (const auto& [level, offset] : snapshot.offsets) table[std::to_string(level)] = offset;
  return print({{"dataVersion", to_json(snapshot.version)}, {"offsetTable", std::move(table)}});
}

Result<Schedule::Snapshot> schedule_from_json(std::string_view text) {
  const auto value = parse_object(text);
  if (!value) return fail(Errc::malformed, "delayOffset.json: not a JSON object");
  Schedule::Snapshot snapshot{.offsets = {}, .version = version_of(*value)};
  const auto table = value->find("offsetTable");
  if (table == value->end()) return snapshot;
  if (!table->is_object()) {
    return fail(Errc::malformed, "delayOffset.json: offsetTable is not an object");
  }
  for (const auto& [key, offset] : table->items()) {
    const auto level = parse_number<int>(key);
    const auto next = number_of<std::int64_t>(offset);
    if (!level || !next) {
      return fail(Errc::malformed, fmt::format("delayOffset.json: the entry of level {}", key));
    }
    snapshot.offsets[*level] = *next;
  }
  return snapshot;
}

std::string checks_to_json(const Transactions::Checks& checks) {
  Json table = Json::object();
  for (const auto& [half, count] : checks) table[std::to_string(half)] = count;
  return print({{"checks", std::move(table)}});
}

Result<Transactions::Checks> checks_from_json(std::string_view text) {
  const auto value = parse_object(text);
  if (!value) return fail(Errc::malformed, "transactionChecks.json: not a JSON object");
  Transactions::Checks checks;
  const auto table = value->find("checks");
  if (table == value->end()) return checks;
  for (const auto& [key, count] : table->items()) {
    const auto half = parse_number<std::int64_t>(key);
    const auto number = number_of<std::int32_t>(count);
    if (half && number) checks.emplace(*half, *number);
  }
  return checks;
}

std::string request_modes_to_json(const std::vector<RequestModes::Entry>& entries) {
  Json topics = Json::object();
  for (const auto& entry : entries) {
    topics[entry.topic][entry.group] = {{"consumerGroup", entry.group},
                                        {"mode", request_mode_name(entry.setting.mode)},
                                        {"popShareQueueNum", entry.setting.pop_share_queues},
                                        {"topic", entry.topic}};
  }
  Json file = Json::object();
  file["messageRequestModeMap"] = std::move(topics);
  return print(file);
}

Result<std::vector<RequestModes::Entry>> request_modes_from_json(std::string_view text) {
  const auto value = parse_object(text);
  if (!value) return fail(Errc::malformed, "messageRequestMode.json: not a JSON object");
  std::vector<RequestModes::Entry> entries;
  const auto topics = value->find("messageRequestModeMap");
  if (topics == value->end()) return entries;
  for (const auto& [topic, groups] : topics->items()) {
    for (const auto& [group, setting] : groups.items()) {
      auto& entry = entries.emplace_back(topic, group, RequestModeSetting{.pop_share_queues = 0});
      std::string mode;
      if (setting.is_object()) take(setting, "mode", mode);
      if (setting.is_object()) take(setting, "popShareQueueNum", entry.setting.pop_share_queues);
      entry.setting.mode = parse_request_mode(mode).value_or(RequestMode::pull);
    }
  }
  return entries;
}

bool readable_json(std::string_view text) { return parse_object(text).has_value(); }

}  // namespace sluice::broker
