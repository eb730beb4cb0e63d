#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "wire/remoting/bodies/common.h"
#include "wire/remoting/bodies/heartbeat.h"

/// What a consumer says of itself when a tool asks. Source: apache/rocketmq remoting/protocol/body.
namespace sluice::wire::remoting {

/// One queue a consumer reads. Source: ProcessQueueInfo.java.
struct QueueState {
  MessageQueue queue;
  std::int64_t commit_offset = -1;
  std::int64_t first_cached = 0, last_cached = 0, cached = 0;  ///< offsets, and how many
  std::int64_t cached_mib = 0;
  bool locked = false, dropped = false;
  std::int64_t locked_ms = 0, pulled_ms = 0, consumed_ms = 0;  ///< since the epoch
};

/// Source: ConsumerRunningInfo.java.
struct RunningInfo {
  std::map<std::string, std::string> properties;  ///< named PROP_…
  std::vector<SubscriptionData> subscriptions;
  std::vector<QueueState> queues;
  void encode(Buffer& out) const;
};

/// What became of a message that a tool had consumed. Source: ConsumeMessageDirectlyResult.java.
struct DirectResult {
  bool orderly = false;
  std::string_view result;  ///< CR_SUCCESS, CR_LATER, CR_THROW_EXCEPTION
  std::string remark;
  std::int64_t spent_ms = 0;
  void encode(Buffer& out) const;
};

/// Offsets by queue. Source: ResetOffsetBody.java, GetConsumerStatusBody.java.
using OffsetTable = std::vector<std::pair<MessageQueue, std::int64_t>>;
/// `{"<name>":{{mq}:offset}}`
void write_offset_table(json::Writer& out, std::string_view name, const OffsetTable& table);
/// The table called `name`: with queues as keys, or as a list of queues with their offsets, which
/// is what old C++ clients are sent.
Result<OffsetTable> read_offset_table(Bytes body, const char* name);

}  // namespace sluice::wire::remoting
