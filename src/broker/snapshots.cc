#include "broker/snapshots.h"

#include <concepts>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/numbers.h"

namespace sluice::broker {
namespace {

using Json = nlohmann::json;

bool bare_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '+' || c == '.';
}

/// Where the string that opens at `from` ends: one past its closing quote.
std::size_t string_end(std::string_view text, std::size_t from) {
  for (std::size_t i = from + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

/// {0:1} becomes {"0":1}: a bare word that a colon follows is a key.
std::string quote_bare_keys(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    bool key = false;
    if (text[i] == '"') {
      end = string_end(text, i);
    } else if (bare_char(text[i])) {
      while (end < text.size() && bare_char(text[end])) ++end;
      const std::size_t next = text.find_first_not_of(" \t\r\n", end);
      key = next != std::string_view::npos && text[next] == ':';
    }
    if (key) out += '"';
    out += text.substr(i, end - i);
    if (key) out += '"';
    i = end;
  }
  return out;
}

std::optional<Json> parse_object(std::string_view text) {
  Json value = Json::parse(quote_bare_keys(text), nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

/// Writes what nlohmann would throw at: bytes that are not UTF-8 become U+FFFD.
std::string print(const Json& value) {
  return value.dump(1, '\t', false, Json::error_handler_t::replace);
}

/// A number, also when it is written as text; nothing when it does not fit.
template <std::integral T>
std::optional<T> number_of(const Json& value) {
  if (value.is_string()) return parse_number<T>(value.get_ref<const std::string&>());
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return std::nullopt;
  }
  const auto number = value.get<std::int64_t>();
  if (!std::in_range<T>(number)) return std::nullopt;
  return static_cast<T>(number);
}

// take(): the member into `to`, which keeps its value when the member is absent or of another kind.
void take(const Json& object, const char* key, std::integral auto& to) {
  const auto found = object.find(key);
  if (found == object.end()) return;
  to = number_of<std::remove_reference_t<decltype(to)>>(*found).value_or(to);
}
void take(const Json& object, const char* key, bool& to) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_boolean()) to = found->get<bool>();
}
void take(const Json& object, const char* key, std::string& to) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_string()) to = found->get<std::string>();
}
void take(const Json& object, const char* key, std::map<std::string, std::string>& to) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return;
  for (const auto& [name, value] : found->items()) {
    if (value.is_string()) to[name] = value.get<std::string>();
  }
}

Json to_json(const DataVersion& version) {
  return Json::object({{"counter", version.counter},
                       {"stateVersion", version.state_version},
                       {"timestamp", version.timestamp}});
}

DataVersion version_of(const Json& file) {
  DataVersion version;
  const auto found = file.find("dataVersion");
  if (found == file.end() || !found->is_object()) return version;
  take(*found, "counter", version.counter);
  take(*found, "stateVersion", version.state_version);
  take(*found, "timestamp", version.timestamp);
  return version;
}

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

Json to_json(const GroupConfig& config) {
  return Json::object({{"attributes", config.attributes},
                       {"brokerId", config.broker_id},
                       {"consumeBroadcastEnable", config.consume_broadcast_enable},
                       {"consumeEnable", config.consume_enable},
                       {"consumeFromMinEnable", config.consume_from_min_enable},
                       {"consumeMessageOrderly", config.consume_orderly},
                       {"consumeTimeoutMinute", config.consume_timeout_minutes},
                       {"groupName", config.name},
                       {"groupRetryPolicy", Json::object({{"type", "CUSTOMIZED"}})},
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
  return print({{"dataVersion", to_json(version)},
                {"forbiddenTable", Json::object()},
                {"subscriptionGroupTable", table_of(configs)}});
}

Result<GroupsSnapshot> groups_from_json(std::string_view text) {
  return read_table<GroupsSnapshot>(text, "subscriptionGroup.json", "subscriptionGroupTable");
}

std::string progress_to_json(const std::vector<delivery::Progress::Entry>& entries) {
  Json table = Json::object();
  for (const auto& entry : entries) {
    Json& offsets = table[entry.topic + "@" + entry.group] = Json::object();
    for (const auto& [queue, next] : entry.offsets) offsets[std::to_string(queue)] = next;
  }
  Json file = Json::object();
  file["offsetTable"] = std::move(table);
  return print(file);
}

Result<std::vector<delivery::Progress::Entry>> progress_from_json(std::string_view text) {
  const auto value = parse_object(text);
  if (!value) return fail(Errc::malformed, "consumerOffset.json: not a JSON object");
  std::vector<delivery::Progress::Entry> entries;
  const auto table = value->find("offsetTable");
  if (table == value->end()) return entries;
  if (!table->is_object()) {
    return fail(Errc::malformed, "consumerOffset.json: offsetTable is not an object");
  }
  for (const auto& [key, offsets] : table->items()) {
    SLUICE_TRY(auto entry, read_entry(key, offsets));
    entries.push_back(std::move(entry));
  }
  return entries;
}

bool readable_json(std::string_view text) { return parse_object(text).has_value(); }

}  // namespace sluice::broker
