#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "broker/groups.h"
#include "broker/topics.h"
#include "delivery/members.h"

namespace sluice::broker {

/// A pull as a door decoded it. Views live during prepare_pull.
struct PullQuery {
  std::string_view group, topic;
  std::int32_t queue_id = 0;
  QueueOffset offset;
  std::int32_t max_messages = 32;
  std::int32_t max_bytes = 256 << 10;
  std::optional<QueueOffset> commit;           ///< piggy-backed progress
  std::optional<std::string_view> expression;  ///< the subscription, when the request brings it
  std::string_view expression_type = "TAG";
  std::int64_t sub_version = 0;
  const delivery::Link* link = nullptr;  ///< who asks
};

/// A checked pull: what is needed to read now or, parked, later. Small; holds its topic alive.
struct PullPlan {
  std::shared_ptr<const GroupConfig> group;
  std::shared_ptr<Topic> topic;
  TopicQueue* queue = nullptr;
  std::shared_ptr<const delivery::Subscription> subscription;
  /// Of a retry topic: only messages that these subscriptions had wanted; null for all.
  std::shared_ptr<const delivery::Subscriptions> retries_of;
  QueueOffset offset;
  std::int32_t max_messages = 0;
  std::int32_t max_bytes = 0;
  std::int64_t broker_when_slow = 0;    ///< the group's whichBrokerWhenConsumeSlowly
  std::optional<QueueOffset> reset_to;  ///< the group's progress was reset: go on there
};

enum class PullStatus : std::uint8_t {
  found,
  not_found,  ///< at the queue's end: may be parked
  retry,  ///< messages were there, none matched, or they were just removed: ask again from `next`
  moved,  ///< the offset is outside the queue: go on at `next`
  cold,   ///< the disk must be waited for: read again with Wait::yes; no client sees it
};

/// Whether a read may wait for the disk. Reactors may not.
enum class Wait : std::uint8_t { no, yes };

/// What is done about a message that lies damaged in the log, or whose place the queue's index does
/// not know (setting `damagedMessages`). It is never served.
enum class Damaged : std::uint8_t {
  stop,  ///< readers get the messages before it, then the error, until somebody decides
  skip,  ///< it is passed over; the log says so
};
std::string_view pull_status_name(PullStatus status);

/// What a pull found. Reused by a reactor: clear() keeps the memory.
struct PullResult {
  PullStatus status = PullStatus::not_found;
  QueueOffset next, min, max;
  std::vector<store::Slice> records;  ///< neighbours in the log are joined to one slice
  std::size_t bytes = 0;
  std::int32_t messages = 0;
  /// Where a group should read that is so far behind: 0 here, else another broker's id.
  std::int64_t suggested_broker = 0;
  void clear();
};

}  // namespace sluice::broker
