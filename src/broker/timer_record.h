#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "wire/record/record.h"

/// What timed messages look like in the log, in Apache's form: a record of the topic
/// rmq_sys_wheel_timer, queue 0, that says with REAL_TOPIC and REAL_QID where it goes and with
/// TIMER_OUT_MS when: in the moment after that. Source: apache/rocketmq broker/util/HookUtils.java,
/// store/timer/TimerMessageStore.java.
///
/// Apache rounds TIMER_OUT_MS down to whole seconds (timerPrecisionMs) and delivers in the second
/// after it. Here it is the due time less one millisecond, which is the same rule with a precision
/// of one: Apache's broker finds such messages in the right second.
///
/// The topic has three kinds of records. Ours that are not plain messages name the record they are
/// about in the field in which a committed transaction names its half message (Message::prepared):
///   a message       that waits
///   its copy        the same, appended anew before the log drops the older one, which it names
///   a recall        (TIMER_DEL_UNIQKEY) of the message that it names, or, from Apache, of the one
///                   with that topic and unique key that is due in the same second
namespace sluice::broker {

inline constexpr std::string_view kTimerTopic = "rmq_sys_wheel_timer";
inline constexpr std::int64_t kTenYearsMs = 10LL * 365 * 24 * 3600 * 1000;

struct TimerOptions {
  bool enabled = true;                  ///< timerWheelEnable
  bool recall = true;                   ///< recallMessageEnable
  milliseconds max_delay{kTenYearsMs};  ///< timerMaxDelaySec
  milliseconds precision{1000};         ///< timerPrecisionMs of a broker that had the store before
};

/// What a message's properties ask for; empty views: nothing.
struct TimerAsk {
  std::string_view delay_sec, delay_ms, deliver_ms;
  bool any() const { return !delay_sec.empty() || !delay_ms.empty() || !deliver_ms.empty(); }
  bool relative() const { return !delay_sec.empty() || !delay_ms.empty(); }
};
/// When the message is due; nothing when that is now or was before: then it is not timed.
/// TIMER_DELAY_SEC counts before TIMER_DELAY_MS before TIMER_DELIVER_MS. Errors: message_illegal
/// (no number; too far ahead), disabled.
Result<std::optional<WallTime>> due_time(const TimerAsk& ask, WallTime now,
                                         const TimerOptions& options);

/// When a record of the topic is due, also one that Apache's broker wrote: never before the time
/// that its sender asked for. Nothing: it does not say.
std::optional<std::int64_t> due_ms_of(const wire::record::Decoded& found, milliseconds precision);

/// What the queue's index keeps of a record in place of the tag's hash: when a message is due; 0
/// for a copy or a recall. Apache's index has the hash there, which is far smaller.
std::int64_t timer_code(const wire::record::Decoded& found, milliseconds precision);
/// Whether an entry's code is a message's due time; everything else needs a look at the record.
inline bool is_due_time(std::int64_t code) {
  constexpr std::int64_t kHashesEnd = 1LL << 32;
  return code > kHashesEnd;
}

/// Whether TIMER_DEL_UNIQKEY names the message: by its unique key, with the topic before it when
/// Apache's broker is older than 5.4 or has appendTopicForTimerDeleteKey.
bool is_recall_of(std::string_view deletes, std::string_view topic, std::string_view unique_key);

/// Names a timed message to the broker that has it. Source: apache/rocketmq
/// common/producer/RecallMessageHandle.java, which has five words; clients pass a sixth on.
struct RecallHandle {
  std::string topic, broker;
  std::int64_t due_ms = 0;
  std::string unique_key;
  std::optional<LogPosition> position;  ///< where it was stored first
};
std::string to_text(const RecallHandle& handle);
/// Errors: invalid_argument.
Result<RecallHandle> parse_recall_handle(std::string_view text);

}  // namespace sluice::broker
