#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

/// Receipts of popped messages, and what a pop's answer says so that the client can make them.
///
/// A receipt (POP_CK, sent back as extraInfo) is eight fields, blank-separated: start offset, time
/// of the pop, invisible time, revive queue, retry flag, broker, queue, offset. Source:
/// apache/rocketmq remoting/protocol/header/ExtraInfoUtil.java. Pure.
namespace sluice::wire::remoting {

inline constexpr std::int32_t kOrderedReviveQueue = 999;  ///< marks receipts of ordered pops

struct PopReceipt {
  std::int64_t start_offset = 0;
  WallTime popped;
  milliseconds invisible{0};
  std::int32_t revive_queue = 0;
  std::int32_t retry =
      0;  ///< 0: of the topic itself; 1, 2: of its retry topic, by its old or new name
  std::string_view broker;
  QueueId queue;
  QueueOffset offset;  ///< -1 in a receipt for a whole pop
};

/// Errors: malformed, with what is wrong.
Result<PopReceipt> parse_receipt(std::string_view text);
std::string to_text(const PopReceipt& receipt);
/// The topic that requests about a message with this receipt name.
std::string topic_of(const PopReceipt& receipt, std::string_view topic, std::string_view group);

/// An answer's `flag queue start;…`: where each queue's messages start, by flag and queue. What
/// cannot be read is left out.
std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> parse_starts(std::string_view text);
/// An answer's `0 qoQUEUE%OFFSET count;…` and `0 QUEUE count;…`: how often the message, or those of
/// the queue, were out before; 0 when it says nothing of it.
std::int32_t attempts_of(std::string_view counts, std::int32_t queue, std::int64_t offset);

/// A popped message, as the answer's header counts them up; by queue, then by offset.
struct PopEntry {
  QueueId queue;
  QueueOffset offset;
  std::int32_t attempts = 0;
};

/// `0 queue start;…`, `0 queue o1,o2;…` and `0 qoQUEUE%OFFSET count;…` of the same messages. The
/// first 0 says that they are not from a retry topic; counts are of messages that were out before.
struct PopInfo {
  std::string start_offsets, offsets, counts;
  void clear();
  void add(const PopEntry& entry);

 private:
  std::int32_t queue_ = -1;
};

}  // namespace sluice::wire::remoting
