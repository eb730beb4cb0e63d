#include "wire/remoting/pop_receipt.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/numbers.h"

namespace sluice::wire::remoting {
namespace {

constexpr std::size_t kFieldsMin = 7, kFieldsMax = 9;  // the ninth is the proxy's own

Error malformed(std::string_view text) {
  return Error(Errc::malformed,
               fmt::format("extraInfo '{}' is not a receipt: it has eight fields, `start popTime "
                           "invisibleTime reviveQueue flag broker queue offset`",
                           text.substr(0, 100)));
}

std::size_t split(std::string_view text, std::array<std::string_view, kFieldsMax>& fields) {
  std::size_t count = 0;
  while (!text.empty()) {
    if (count == fields.size()) return count + 1;
    const std::size_t end = std::min(text.find(' '), text.size());
    fields[count++] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return count;
}

void append(std::string& text, std::int64_t number) {
  std::array<char, 24> digits;
  text.append(digits.data(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

void separate(std::string& text, char separator) {
  if (!text.empty()) text += separator;
}

}  // namespace

Result<PopReceipt> parse_receipt(std::string_view text) {
  std::array<std::string_view, kFieldsMax> fields;
  const std::size_t count = split(text, fields);
  if (count < kFieldsMin || count > kFieldsMax) return fail(malformed(text));
  const auto start = parse_number<std::int64_t>(fields[0]);
  const auto popped = parse_number<std::int64_t>(fields[1]);
  const auto invisible = parse_number<std::int64_t>(fields[2]);
  const auto revive = parse_number<std::int32_t>(fields[3]);
  const auto queue = parse_number<std::int32_t>(fields[6]);
  const auto offset =
      count > 7 ? parse_number<std::int64_t>(fields[7]) : std::optional<std::int64_t>(-1);
  if (!start || !popped || !invisible || !revive || !queue || !offset) return fail(malformed(text));
  return PopReceipt{.start_offset = *start,
                    .popped = from_unix_ms(*popped),
                    .invisible = milliseconds(*invisible),
                    .revive_queue = *revive,
                    .retry = parse_number<std::int32_t>(fields[4]).value_or(0),
                    .broker = fields[5],
                    .queue = QueueId(*queue),
                    .offset = QueueOffset(*offset)};
}

std::string to_text(const PopReceipt& r) {
  return fmt::format("{} {} {} {} {} {} {} {}", r.start_offset, unix_ms(r.popped),
                     r.invisible.count(), r.revive_queue, r.retry, r.broker, r.queue.value,
                     r.offset.value);
}

std::string topic_of(const PopReceipt& receipt, std::string_view topic, std::string_view group) {
  if (receipt.retry == 1) return fmt::format("%RETRY%{}_{}", group, topic);
  if (receipt.retry == 2) return fmt::format("%RETRY%{}+{}", group, topic);
  return std::string(topic);
}

namespace {

/// Calls use(flag, middle, value) for each `flag middle value` of a list with `;` between.
template <class Use>
void each_entry(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t first = part.find(' '), last = part.rfind(' ');
    if (first == last) continue;
    const auto flag = parse_number<std::int32_t>(part.substr(0, first));
    const auto value = parse_number<std::int64_t>(part.substr(last + 1));
    if (flag && value) use(*flag, part.substr(first + 1, last - first - 1), *value);
  }
}

}  // namespace

std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> parse_starts(std::string_view text) {
  std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> starts;
  each_entry(text, [&](std::int32_t flag, std::string_view middle, std::int64_t start) {
    if (const auto queue = parse_number<std::int32_t>(middle)) starts[{flag, *queue}] = start;
  });
  return starts;
}

std::int32_t attempts_of(std::string_view counts, std::int32_t queue, std::int64_t offset) {
  const std::string of_queue = std::to_string(queue);
  const std::string of_message = fmt::format("qo{}%{}", queue, offset);
  std::int64_t found = 0;
  each_entry(counts, [&](std::int32_t, std::string_view middle, std::int64_t count) {
    if (middle == of_message || (middle == of_queue && found == 0)) found = count;
  });
  return static_cast<std::int32_t>(found);
}

void PopInfo::clear() {
  start_offsets.clear();
  offsets.clear();
  counts.clear();
  queue_ = -1;
}

void PopInfo::add(const PopEntry& entry) {
  const std::int32_t queue = entry.queue.value;
  const std::int64_t offset = entry.offset.value;
  if (queue != queue_) {
    separate(start_offsets, ';');
    separate(offsets, ';');
    for (std::string* const text : {&start_offsets, &offsets}) {
      *text += "0 ";
      append(*text, queue);
      *text += ' ';
      append(*text, offset);
    }
    queue_ = queue;
  } else {
    offsets += ',';
    append(offsets, offset);
  }
  if (entry.attempts == 0) return;
  separate(counts, ';');
  fmt::format_to(std::back_inserter(counts), "0 qo{}%{} {}", queue, offset, entry.attempts);
}

}  // namespace sluice::wire::remoting
