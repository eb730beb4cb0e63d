#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The property text of messages: `name 0x01 value 0x02` repeated (a missing last 0x02 is
/// accepted). Source: apache/rocketmq common/message/MessageDecoder.java, MessageConst.java.
namespace sluice::wire::record {

inline constexpr char kNameEnd = '\x01';
inline constexpr char kPairEnd = '\x02';

namespace property {
inline constexpr std::string_view kKeys = "KEYS";
inline constexpr std::string_view kTags = "TAGS";
inline constexpr std::string_view kWait = "WAIT";
inline constexpr std::string_view kDelay = "DELAY";
inline constexpr std::string_view kUniqueKey = "UNIQ_KEY";
inline constexpr std::string_view kRegion = "MSG_REGION";
inline constexpr std::string_view kTraceOn = "TRACE_ON";
inline constexpr std::string_view kCluster = "CLUSTER";
inline constexpr std::string_view kTransaction = "TRAN_MSG";
inline constexpr std::string_view kProducerGroup = "PGROUP";
inline constexpr std::string_view kTransactionId = "__transactionId__";
inline constexpr std::string_view kCheckImmunity = "CHECK_IMMUNITY_TIME_IN_SECONDS";
inline constexpr std::string_view kCheckTimes = "TRANSACTION_CHECK_TIMES";
inline constexpr std::string_view kCorrelationId = "CORRELATION_ID";
inline constexpr std::string_view kReplyToClient = "REPLY_TO_CLIENT";
inline constexpr std::string_view kMessageType = "MSG_TYPE";  ///< "reply" for one
inline constexpr std::string_view kTimeToLive = "TTL";        ///< of a request, in ms
inline constexpr std::string_view kNamespace = "INSTANCE_ID";
inline constexpr std::string_view kPushReplyTime = "PUSH_REPLY_TIME";
inline constexpr std::string_view kRetryTopic = "RETRY_TOPIC";
inline constexpr std::string_view kOriginMessageId = "ORIGIN_MESSAGE_ID";
inline constexpr std::string_view kTimerDelaySec = "TIMER_DELAY_SEC";
inline constexpr std::string_view kTimerDelayMs = "TIMER_DELAY_MS";
inline constexpr std::string_view kTimerDeliverMs = "TIMER_DELIVER_MS";
inline constexpr std::string_view kTimerOutMs = "TIMER_OUT_MS";
inline constexpr std::string_view kTimerEnqueueMs = "TIMER_ENQUEUE_MS";
inline constexpr std::string_view kTimerRollTimes = "TIMER_ROLL_TIMES";
inline constexpr std::string_view kTimerDeletes = "TIMER_DEL_UNIQKEY";
inline constexpr std::string_view kRealTopic = "REAL_TOPIC";
inline constexpr std::string_view kRealQueue = "REAL_QID";
inline constexpr std::string_view kShardingKey = "__SHARDINGKEY";
inline constexpr std::string_view kTransferFlag = "TRANSFER_FLAG";
inline constexpr std::string_view kDispatch = "INNER_MULTI_DISPATCH";
inline constexpr std::string_view kDispatchOffsets = "INNER_MULTI_QUEUE_OFFSET";
inline constexpr std::string_view kPopCheckpoint = "POP_CK";
inline constexpr std::string_view kDeadOriginTopic = "DLQ_ORIGIN_TOPIC";
inline constexpr std::string_view kDeadOriginMessageId = "DLQ_ORIGIN_MESSAGE_ID";
inline constexpr std::string_view kDeadReason = "DLQ_REASON";  ///< our own: a sentence
}  // namespace property

/// Walks the pairs of a property text in order: `for (PropertyCursor c(text); c.next();)
/// use(c.name(), c.value())`. Segments without 0x01, or with an empty value, are skipped, as the
/// Java reader does.
class PropertyCursor {
 public:
  explicit PropertyCursor(std::string_view text) : rest_(text) {}
  bool next();
  std::string_view name() const { return name_; }
  std::string_view value() const { return value_; }

 private:
  std::string_view rest_, name_, value_;
};

/// The value of the last pair with that name (Java keeps the last), or an empty view.
std::string_view find_property(std::string_view text, std::string_view name);

/// Appends one pair.
void append_property(std::string& text, std::string_view name, std::string_view value);

/// Puts the pair at the end, in place of all pairs of that name.
void set_property(std::string& text, std::string_view name, std::string_view value);
void remove_property(std::string& text, std::string_view name);

/// Java's String.hashCode() over the UTF-16 form of a UTF-8 text.
std::int32_t java_hash(std::string_view text);

/// What the queue index keeps of the TAGS value: its hash, sign-extended; 0 for no tags.
std::int64_t tags_code(std::string_view tags);

}  // namespace sluice::wire::record
