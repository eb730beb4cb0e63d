#include "broker/duplicates_restore.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/numbers.h"
#include "broker/topics.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace {

namespace record = wire::record;
namespace property = record::property;

struct Known {
  Duplicates::Key key;
  Duplicates::Place place;
  WallTime stored, until;
};

/// Nothing for what was no client's send: delivered later, without a key, or from a system topic.
std::optional<Known> known(const record::Decoded& found, const WindowOf& window_of) {
  const record::Message& message = found.message;
  const std::string_view real = record::find_property(message.properties, property::kRealTopic);
  const std::string_view key = record::find_property(message.properties, property::kUniqueKey);
  if (key.empty() || is_system_topic(message.topic) == real.empty()) return std::nullopt;
  const std::string_view topic = real.empty() ? message.topic : real;
  const auto real_queue =
      parse_number<std::int32_t>(record::find_property(message.properties, property::kRealQueue));
  const WallTime stored = from_unix_ms(found.placement.store_ms);
  return Known{.key = Duplicates::key_of(topic, key, message.body),
               .place = {.queue = QueueId(real_queue.value_or(message.queue.value)),
                         .offset = found.placement.offset,
                         .position = found.placement.position,
                         .size = found.size},
               .stored = stored,
               .until = stored + window_of(topic)};
}

void keep_newest(std::vector<Known>& all, std::size_t max) {
  if (all.size() <= max) return;
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(max);
  std::ranges::nth_element(all, end, std::ranges::greater(), &Known::stored);
  all.erase(end, all.end());
}

/// Reads one queue from its end back to what is older than `since`.
Result<void> read_back(const store::MessageStore& store, const store::Queue& queue,
                       const WindowOf& window_of, WallTime since, std::size_t max,
                       std::vector<Known>& out) {
  constexpr std::int64_t kAtOnce = 64;
  std::array<store::IndexEntry, kAtOnce> entries;
  std::size_t taken = 0;
  for (QueueOffset end = queue.max(); end > queue.min() && taken < max;) {
    const QueueOffset from(std::max(queue.min().value, end.value - kAtOnce));
    const auto wanted = static_cast<std::size_t>(end.value - from.value);
    SLUICE_TRY(std::size_t left, queue.read(from, std::span(entries).first(wanted)));
    end = from;
    while (left-- > 0) {
      if (entries[left].size == store::kBlankEntrySize) continue;  // it was lost
      const auto slice = store.read(entries[left].position, entries[left].size);
      if (!slice && slice.error().code() == Errc::io_error) return fail(Errc::io_error);
      if (!slice) return {};  // dropped, and so is what is older
      const record::Scan scan = record::scan(slice->bytes, record::CrcCheck::skip);
      if (scan.kind != record::Scan::Kind::record) continue;
      if (from_unix_ms(scan.record.placement.store_ms) < since) return {};
      if (auto one = known(scan.record, window_of)) out.push_back(*one), ++taken;
    }
  }
  return {};
}

}  // namespace

Result<void> restore_duplicates(const store::MessageStore& store, const WindowOf& window_of,
                                milliseconds longest, std::size_t max, WallTime now,
                                Duplicates& duplicates) {
  std::vector<Known> all;
  for (const auto& queue : store.queues()) {
    const bool system = is_system_topic(queue->topic());
    const milliseconds window = system ? longest : window_of(queue->topic());
    if (window <= milliseconds(0)) continue;
    SLUICE_CHECK(read_back(store, *queue, window_of, now - window, max, all));
    if (all.size() > 2 * max) keep_newest(all, max);
  }
  keep_newest(all, max);
  std::ranges::sort(all, {}, &Known::stored);
  for (const Known& one : all) {
    if (one.until >= now) duplicates.restore(one.key, one.place, one.until);
  }
  return {};
}

}  // namespace sluice::broker
