#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/message_store.h"
#include "wire/record/record.h"

/// The records that a transaction leaves in the log, as Apache's broker writes them: the half
/// message, the message it becomes, and the mark that says it is over. Pure but for reading.
/// Source: apache/rocketmq broker/transaction/queue/TransactionalMessageBridge.java.
namespace sluice::broker {

/// Half messages, all in queue 0.
inline constexpr std::string_view kHalfTopic = "RMQ_SYS_TRANS_HALF_TOPIC";
/// Marks, all in queue 0: tag `d`, the body names half messages that are over by their offsets,
/// each followed by a comma.
inline constexpr std::string_view kMarkTopic = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
/// Half messages whose producer never decided.
inline constexpr std::string_view kUndecidedTopic = "TRANS_CHECK_MAX_TIME_TOPIC";
/// Its committed offsets in the two queues say up to where everything is over.
inline constexpr std::string_view kTransactionGroup = "CID_RMQ_SYS_TRANS";

/// A half message's properties: REAL_TOPIC and REAL_QID say where it goes when it is committed.
std::string half_properties(std::string_view properties, std::string_view topic, QueueId queue);

/// A half message as it was read. The views live as long as `bytes`.
struct HalfMessage {
  store::Slice bytes;
  wire::record::Decoded record;
  std::string_view group;       ///< PGROUP: who decides
  std::string_view topic;       ///< where it goes
  std::string_view unique_key;  ///< the client's id of it, also the transaction's
  QueueId queue;
  std::optional<milliseconds> patience;  ///< before the first check, when it asks for its own
  std::int32_t checks = 0;               ///< that Apache's broker has made
};
/// Errors: not_found (no half message lies there), io_error.
Result<HalfMessage> read_half(const store::MessageStore& store, LogPosition position);

/// CHECK_IMMUNITY_TIME_IN_SECONDS, when it says a time.
std::optional<milliseconds> patience_of(std::string_view properties);

/// What a half message becomes: a record of `topic` and the queue of `index`, which names the half
/// message's position. Errors: message_illegal.
Result<store::Pending> record_from(const HalfMessage& half, std::string_view topic,
                                   store::Queue& index, std::int32_t transaction_bits,
                                   const wire::record::Host& store_host);

/// The record of CHECK_TRANSACTION_STATE: the half message with its real topic and queue.
Result<std::string> encode_for_check(const HalfMessage& half);

/// A mark. `body` lives until it is appended. Errors: none but by a bug.
Result<store::Pending> mark_record(std::string_view body, store::Queue& index, WallTime now,
                                   const wire::record::Host& store_host);
void append_mark(std::string& body, QueueOffset half);

}  // namespace sluice::broker
