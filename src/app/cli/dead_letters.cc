#include "app/cli/dead_letters.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/os/system_clock.h"
#include "client/offsets.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"

namespace sluice::app {
namespace {

using client::Received;
namespace property = wire::record::property;

constexpr const char* kReadingGroup = "TOOLS_CONSUMER";
constexpr milliseconds kPatience{10'000};

/// What brokers and clients add on the way; the rest is the sender's own.
constexpr std::array<std::string_view, 20> kAdded{property::kKeys,
                                                  property::kTags,
                                                  property::kWait,
                                                  property::kDelay,
                                                  property::kUniqueKey,
                                                  property::kRegion,
                                                  property::kTraceOn,
                                                  property::kCluster,
                                                  property::kTransaction,
                                                  property::kRetryTopic,
                                                  property::kOriginMessageId,
                                                  property::kRealTopic,
                                                  property::kRealQueue,
                                                  property::kPopCheckpoint,
                                                  property::kDeadOriginTopic,
                                                  property::kDeadOriginMessageId,
                                                  property::kDeadReason,
                                                  "RECONSUME_TIME",
                                                  "MAX_RECONSUME_TIMES",
                                                  "PGROUP"};

std::vector<std::string> split_keys(std::string_view text) {
  std::vector<std::string> keys;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) keys.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return keys;
}

}  // namespace

std::string dead_topic(const std::string& group) { return std::string(kDeadPrefix) + group; }

Result<std::vector<DeadRange>> dead_ranges(client::Cluster& cluster, const std::string& group,
                                           bool only_open) {
  auto stats = cluster.topic_stats(dead_topic(group));
  if (!stats && stats.error().code() == Errc::topic_not_found) {
    return fail(
        Errc::not_found,
        fmt::format("group {} has no dead letters; `sluice dlq ls` shows which have some", group));
  }
  if (!stats) return fail(std::move(stats.error()));
  client::Offsets offsets(cluster);
  std::vector<DeadRange> ranges;
  for (const client::QueueStats& queue : *stats) {
    DeadRange range{queue.queue, queue.min_offset, queue.max_offset};
    if (only_open) {
      SLUICE_TRY(const auto sent_on, offsets.committed(kReadingGroup, queue.queue));
      range.begin = std::clamp(sent_on.value_or(0), range.begin, range.end);
    }
    ranges.push_back(std::move(range));
  }
  return ranges;
}

Result<void> remember_sent_on(client::Cluster& cluster, const client::MessageQueue& queue,
                              std::int64_t offset) {
  return client::Offsets(cluster).commit(kReadingGroup, queue, offset);
}

Result<void> read_dead(client::Cluster& cluster, const std::vector<DeadRange>& ranges,
                       const TakeDead& take) {
  client::Reader reader(cluster);
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> ends;  // of queues not read yet
  for (const DeadRange& range : ranges) {
    if (range.begin >= range.end) continue;
    reader.add(range.queue, range.begin);
    ends[{range.queue.broker_name, range.queue.queue_id}] = range.end;
  }
  while (!ends.empty()) {
    SLUICE_TRY(const std::vector<Received> messages, reader.next(kPatience));
    if (messages.empty()) return fail(Errc::timed_out, "a broker gives no more dead letters");
    for (const Received& message : messages) {
      const auto end = ends.find({message.queue.broker_name, message.queue.queue_id});
      if (end == ends.end()) continue;
      const bool last = message.offset + 1 >= end->second;
      const bool inside = message.offset < end->second;
      if (last) ends.erase(end);
      if (!inside) continue;
      SLUICE_TRY(const bool more, take(message));
      if (!more) return {};
    }
  }
  return {};
}

bool matches_filter(const Received& message, std::string_view text) {
  return message.property(property::kTags).contains(text) ||
         message.property(property::kKeys).contains(text);
}

std::string origin_topic(const Received& message) {
  const std::string_view retried = message.property(property::kRetryTopic);
  return std::string(retried.empty() ? message.property(property::kDeadOriginTopic) : retried);
}

std::optional<client::OutgoingMessage> as_sent_first(const Received& message) {
  client::OutgoingMessage out{.topic = origin_topic(message),
                              .body = message.body,
                              .tag = std::string(message.property(property::kTags)),
                              .keys = split_keys(message.property(property::kKeys)),
                              .properties = {}};
  if (out.topic.empty()) return std::nullopt;
  for (const auto& [name, value] : message.properties) {
    if (std::ranges::find(kAdded, name) == kAdded.end()) out.properties[name] = value;
  }
  out.id = message.property(property::kUniqueKey);
  if (message.still_compressed) {
    out.sys_flag =
        message.sys_flag & (wire::record::kCompressed | wire::record::kCompressionTypeMask);
  }
  return out;
}

}  // namespace sluice::app
