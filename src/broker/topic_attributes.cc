#include "broker/topic_attributes.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/numbers.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace {

namespace property = wire::record::property;

constexpr std::string_view kQueueType = "queue.type", kPolicy = "cleanup.policy",
                           kMessageType = "message.type", kWindow = "dedup.window",
                           kRetentionMs = "retention.ms", kRetentionBytes = "retention.bytes";
constexpr std::int64_t kDayMs = 86'400'000, kCenturyMs = 36'525 * kDayMs;
/// By MessageType.
constexpr std::array<std::string_view, 6> kTypes{"UNSPECIFIED", "NORMAL",      "FIFO",
                                                 "DELAY",       "TRANSACTION", "MIXED"};
constexpr std::array<std::string_view, 2> kQueueTypes{"SimpleCQ", "BatchCQ"};
constexpr std::array<std::string_view, 2> kPolicies{"DELETE", "COMPACTION"};

struct AttributeRow {
  std::string_view key;
  bool once;                                ///< chosen when the topic is made
  std::span<const std::string_view> words;  ///< allowed; without any, a number from `min` on
  std::int64_t min = 0, max = std::numeric_limits<std::int64_t>::max();
};
constexpr AttributeRow kRows[] = {
    {kQueueType, true, kQueueTypes},  {kPolicy, true, kPolicies},
    {kMessageType, false, kTypes},    {"reserve.time", false, {}, -1},
    {kWindow, false, {}, 0, kDayMs},  {kRetentionMs, false, {}, -1, kCenturyMs},
    {kRetentionBytes, false, {}, -1},
};

Result<void> check_value(const AttributeRow& row, std::string_view value) {
  if (!row.words.empty()) {
    if (std::ranges::find(row.words, value) != row.words.end()) return {};
    return fail(Errc::malformed, fmt::format("attribute {} is '{}'; allowed: {}", row.key, value,
                                             fmt::join(row.words, ", ")));
  }
  const auto number = parse_number<std::int64_t>(value);
  if (number && *number >= row.min && *number <= row.max) return {};
  return fail(Errc::malformed, fmt::format("attribute {} is '{}'; allowed: {} to {}", row.key,
                                           value, row.min, row.max));
}

Result<const AttributeRow*> row_of(std::string_view key) {
  const auto* row = std::ranges::find(kRows, key, &AttributeRow::key);
  if (row != std::end(kRows)) return row;
  std::string known;
  for (const AttributeRow& one : kRows) known += fmt::format(" {}", one.key);
  return fail(Errc::malformed, fmt::format("there is no attribute '{}'; known:{}", key, known));
}

Result<void> alter(bool create, std::string_view signed_key, const std::string& value,
                   Attributes& attributes) {
  const bool set = signed_key.starts_with('+');
  if (!set && !signed_key.starts_with('-')) {
    return fail(Errc::malformed,
                fmt::format("attribute '{}': expected +key=value or -key", signed_key));
  }
  const std::string_view key = signed_key.substr(1);
  SLUICE_TRY(const AttributeRow* const row, row_of(key));
  const auto found = attributes.find(std::string(key));
  if (!set && found == attributes.end()) {
    return fail(Errc::malformed,
                fmt::format("attribute {} is not set, so it cannot be removed", key));
  }
  if (row->once && !create) {
    return fail(Errc::malformed, fmt::format("attribute {} is chosen when a topic is made and does "
                                             "not change: make another topic",
                                             key));
  }
  if (!set) {
    attributes.erase(found);
    return {};
  }
  SLUICE_CHECK(check_value(*row, value));
  attributes.insert_or_assign(std::string(key), value);
  return {};
}

std::string_view value_of(const Attributes& attributes, std::string_view key) {
  const auto found = attributes.find(std::string(key));
  return found == attributes.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

std::string_view name_of(MessageType type) { return kTypes[static_cast<std::size_t>(type)]; }

MessageType message_type(std::string_view properties) {
  bool transaction = false, delay = false, fifo = false;
  for (wire::record::PropertyCursor pair(properties); pair.next();) {
    const std::string_view name = pair.name();
    transaction = transaction || (name == property::kTransaction && pair.value() == "true");
    delay = delay || name.starts_with("TIMER_DEL") ||
            (name == property::kDelay && parse_number<std::int64_t>(pair.value()).value_or(1) > 0);
    fifo = fifo || name == property::kShardingKey;
  }
  return transaction ? MessageType::transaction
         : delay     ? MessageType::delay
         : fifo      ? MessageType::fifo
                     : MessageType::normal;
}

TopicTraits traits_of(const Attributes& attributes) {
  TopicTraits traits;
  traits.compacts = value_of(attributes, kPolicy) == "COMPACTION";
  traits.batches_are_one = value_of(attributes, kQueueType) == "BatchCQ";
  const auto* type = std::ranges::find(kTypes, value_of(attributes, kMessageType));
  if (type != kTypes.end()) traits.type = static_cast<MessageType>(type - kTypes.begin());
  const auto window = parse_number<std::int64_t>(value_of(attributes, kWindow));
  if (window && *window >= 0 && *window <= kDayMs) {
    traits.window_ms = static_cast<std::int32_t>(*window);
  }
  return traits;
}

std::optional<store::TopicRetention> retention_of(const Attributes& attributes) {
  const auto keep = parse_number<std::int64_t>(value_of(attributes, kRetentionMs));
  const auto bytes = parse_number<std::int64_t>(value_of(attributes, kRetentionBytes));
  if (!keep && !bytes) return std::nullopt;
  store::TopicRetention rule;
  if (keep && *keep >= 0 && *keep <= kCenturyMs) rule.keep = milliseconds(*keep);
  if (bytes && *bytes >= 0) rule.bytes = *bytes;
  return rule;
}

Result<Attributes> alter_attributes(bool create, const Attributes& current,
                                    const Attributes& changes) {
  Attributes attributes = current;
  for (const auto& [key, value] : changes) {
    SLUICE_CHECK(alter(create, key, value, attributes));
    const std::string other = (key[0] == '+' ? '-' : '+') + key.substr(1);
    if (!changes.contains(other)) continue;
    return fail(Errc::malformed,
                fmt::format("attribute {} is both set and removed", key.substr(1)));
  }
  if (traits_of(attributes).compacts && retention_of(attributes)) {
    return fail(Errc::malformed,
                "retention.ms and retention.bytes are for cleanup.policy=DELETE: a compacted topic "
                "keeps each key's newest message however old it is");
  }
  return attributes;
}

}  // namespace sluice::broker
