#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/cluster.h"
#include "client/producer.h"
#include "client/reader.h"

/// Dead letters as a client sees them, on Sluice's brokers and on Apache's: the messages of
/// %DLQ%group. They cannot be deleted one by one, so what was sent on is remembered as the offset
/// of the group TOOLS_CONSUMER, which every broker has, in that topic.
namespace sluice::app {

inline constexpr std::string_view kDeadPrefix = "%DLQ%";

std::string dead_topic(const std::string& group);

/// A part of one queue of dead letters.
struct DeadRange {
  client::MessageQueue queue;
  std::int64_t begin = 0, end = 0;
};
/// What the group has: everything, or only what was not sent on yet. Errors: not_found, when the
/// group has no dead letters at all; those of Cluster.
Result<std::vector<DeadRange>> dead_ranges(client::Cluster& cluster, const std::string& group,
                                           bool only_open);
/// Remembers that everything before `offset` of the queue was sent on.
Result<void> remember_sent_on(client::Cluster& cluster, const client::MessageQueue& queue,
                              std::int64_t offset);

/// Reads the ranges, in order within each queue, until they end or `take` gives false. Errors:
/// those of take and of Reader; timed_out, when a broker gives nothing for long.
using TakeDead = std::function<Result<bool>(const client::Received&)>;
Result<void> read_dead(client::Cluster& cluster, const std::vector<DeadRange>& ranges,
                       const TakeDead& take);

/// Whether the tag or one of the keys contains the text.
bool matches_filter(const client::Received& message, std::string_view text);

/// Where the message was first: RETRY_TOPIC, else DLQ_ORIGIN_TOPIC; may be empty.
std::string origin_topic(const client::Received& message);

/// The message as it was sent first: body, tag, keys, id and the user's properties, without what
/// brokers wrote about its retries. Nothing when it does not say where it was.
std::optional<client::OutgoingMessage> as_sent_first(const client::Received& message);

}  // namespace sluice::app
