#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/retention.h"

/// What can be said of a topic beside its queues: RocketMQ's attributes, and ours.
///
/// A table says which there are, which values they take, and which are chosen once, when the topic
/// is made. Pure functions. Source of the rules: apache/rocketmq common/TopicAttributes.java,
/// common/attribute/AttributeUtil.java.
namespace sluice::broker {

using Attributes = std::map<std::string, std::string>;

/// What a topic is meant for (`message.type`).
enum class MessageType : std::uint8_t { unspecified, normal, fifo, delay, transaction, mixed };
std::string_view name_of(MessageType type);
/// What a message is, by its properties: TRAN_MSG before DELAY and TIMER_*, before __SHARDINGKEY.
MessageType message_type(std::string_view properties);

/// The attributes as sending needs them. What a table from elsewhere says wrongly counts as unsaid.
struct TopicTraits {
  MessageType type = MessageType::normal;
  bool compacts = false;  ///< cleanup.policy=COMPACTION: the newest message of each key stays
  bool batches_are_one = false;  ///< queue.type=BatchCQ: a batch is answered under an id of its own
  std::int32_t window_ms = -1;   ///< dedup.window; -1: as the broker's setting says
  friend bool operator==(const TopicTraits&, const TopicTraits&) = default;
};
TopicTraits traits_of(const Attributes& attributes);
/// retention.ms and retention.bytes, when one of them is set; -1 is no limit.
std::optional<store::TopicRetention> retention_of(const Attributes& attributes);

/// `current` with `changes`, whose keys begin with + (set) or - (remove). `create`: the topic is
/// new. Errors: malformed, which Apache's broker answers with the same code: no sign, an unknown
/// key, a value that is not allowed, a removal of what is not there, a change of what is chosen
/// once, retention of a compacted topic.
Result<Attributes> alter_attributes(bool create, const Attributes& current,
                                    const Attributes& changes);

}  // namespace sluice::broker
