#include "broker/timer_record.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/numbers.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace {

using namespace wire::record;

constexpr std::string_view kHandleVersion = "v1";
constexpr std::int64_t kSecond = 1000;

struct Asked {
  std::string_view name, value;
  std::int64_t unit_ms = 1;
  bool relative = true;
};

Asked first_of(const TimerAsk& ask) {
  if (!ask.delay_sec.empty()) return {property::kTimerDelaySec, ask.delay_sec, kSecond};
  if (!ask.delay_ms.empty()) return {property::kTimerDelayMs, ask.delay_ms};
  return {property::kTimerDeliverMs, ask.deliver_ms, 1, false};
}

/// Milliseconds, without overflow. Errors: message_illegal.
Result<std::int64_t> number_of(const Asked& asked) {
  const auto number = parse_number<std::int64_t>(asked.value);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kSecond / 2;
  if (number && *number >= -kMost && *number <= kMost) return *number * asked.unit_ms;
  return fail(Errc::message_illegal,
              fmt::format("the property {} is '{}': a whole number of {} is expected", asked.name,
                          asked.value, asked.unit_ms == kSecond ? "seconds" : "milliseconds"));
}

std::int64_t number_or(std::string_view text, std::int64_t otherwise) {
  return parse_number<std::int64_t>(text).value_or(otherwise);
}

}  // namespace

Result<std::optional<WallTime>> due_time(const TimerAsk& ask, WallTime now,
                                         const TimerOptions& options) {
  const Asked asked = first_of(ask);
  SLUICE_TRY(const std::int64_t number, number_of(asked));
  const std::int64_t ahead = asked.relative ? number : number - unix_ms(now);
  if (!options.enabled) {
    return fail(Errc::disabled, fmt::format("the property {} asks for a delivery at a time, which "
                                            "timerWheelEnable=false switches off",
                                            asked.name));
  }
  if (ahead > options.max_delay.count()) {
    return fail(Errc::message_illegal,
                fmt::format("the property {} = {} is {} ms ahead, at most {} ms are allowed "
                            "(timerMaxDelaySec = {})",
                            asked.name, asked.value, ahead, options.max_delay.count(),
                            options.max_delay.count() / kSecond));
  }
  if (ahead <= 0) return std::nullopt;
  return now + milliseconds(ahead);
}

std::optional<std::int64_t> due_ms_of(const Decoded& found, milliseconds precision) {
  TimerAsk ask;
  std::int64_t out = -1, queued = found.placement.store_ms;
  for (PropertyCursor pair(found.message.properties); pair.next();) {
    if (pair.name() == property::kTimerOutMs) out = number_or(pair.value(), -1);
    if (pair.name() == property::kTimerEnqueueMs) queued = number_or(pair.value(), queued);
    if (pair.name() == property::kTimerDelaySec) ask.delay_sec = pair.value();
    if (pair.name() == property::kTimerDelayMs) ask.delay_ms = pair.value();
    if (pair.name() == property::kTimerDeliverMs) ask.deliver_ms = pair.value();
  }
  if (out < 0 || out > std::numeric_limits<std::int64_t>::max() / 2) return std::nullopt;
  // The exact time lies between what Apache rounded it down to and the end of that second.
  const std::int64_t first = out + 1, last = out + std::max<std::int64_t>(precision.count(), 1);
  if (!ask.any()) return first;
  const auto number = number_of(first_of(ask));
  if (!number) return first;
  return std::clamp(ask.relative() ? queued + *number : *number, first, last);
}

std::int64_t timer_code(const Decoded& found, milliseconds precision) {
  const std::int64_t due = due_ms_of(found, precision).value_or(0);
  const bool plain = found.message.prepared.value == 0 &&
                     find_property(found.message.properties, property::kTimerDeletes).empty() &&
                     find_property(found.message.properties, property::kTimerRollTimes).empty();
  return plain ? due : 0;
}

bool is_recall_of(std::string_view deletes, std::string_view topic, std::string_view unique_key) {
  if (unique_key.empty() || !deletes.ends_with(unique_key)) return false;
  deletes.remove_suffix(unique_key.size());
  if (deletes.empty()) return true;
  return deletes.ends_with('+') && deletes.substr(0, deletes.size() - 1) == topic;
}

std::string to_text(const RecallHandle& handle) {
  std::string text = fmt::format("{} {} {} {} {}", kHandleVersion, handle.topic, handle.broker,
                                 handle.due_ms, handle.unique_key);
  if (handle.position) text += fmt::format(" {}", handle.position->value);
  return base64_url(text);
}

Result<RecallHandle> parse_recall_handle(std::string_view text) {
  const auto bytes = from_base64_url(text);
  std::vector<std::string_view> words;
  for (std::string_view rest = bytes ? *bytes : std::string_view(); !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    words.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  constexpr std::size_t kWords = 5;
  const auto due =
      words.size() >= kWords ? parse_number<std::int64_t>(words[3]) : std::optional<std::int64_t>();
  if (!due || *due < 0 || words[0] != kHandleVersion || words[4].empty()) {
    return fail(Errc::invalid_argument,
                "the recall handle is not one: it is what the answer to the timed message's send "
                "says as recallHandle, unchanged");
  }
  RecallHandle handle{.topic = std::string(words[1]),
                      .broker = std::string(words[2]),
                      .due_ms = *due,
                      .unique_key = std::string(words[4])};
  if (words.size() > kWords) {
    const auto position = parse_number<std::int64_t>(words[kWords]);
    if (position && *position >= 0) handle.position = LogPosition(*position);
  }
  return handle;
}

}  // namespace sluice::broker
