#include <algorithm>
#include <array>
#include <map>

#include "broker/schedule.h"
#include "broker/waiting_record.h"

/// The schedule after a restart: the progress that was written down, and what was delivered since.
namespace sluice::broker {
namespace record = wire::record;
namespace {

constexpr std::size_t kEntriesAtOnce = 64;

}  // namespace

Result<void> Schedule::restore(const Snapshot& snapshot, WallTime now) {
  for (const auto& [number, offset] : snapshot.offsets) {
    if (number < 1 || std::cmp_greater(number, waiting_.size())) continue;
    Level& level = *waiting_[static_cast<std::size_t>(number) - 1];
    // What lies behind the queue's end was lost with the log's: the next message takes its place.
    level.durable = std::clamp(QueueOffset(offset), QueueOffset(0), level.queue->max());
    level.next = level.durable.value;
  }
  version_ = snapshot.version;
  for (const auto& level : waiting_) {
    SLUICE_CHECK(skip_delivered(*level, now));
  }
  return {};
}

Result<void> Schedule::skip_delivered(Level& level, WallTime now) {
  std::map<std::string, Candidates, std::less<>> targets;  // by topic
  QueueOffset at = first(level);
  std::array<store::IndexEntry, kEntriesAtOnce> entries;
  for (bool waiting = true; waiting;) {
    SLUICE_TRY(const std::size_t count, level.queue->read(at, entries));
    waiting = count > 0;
    for (std::size_t i = 0; i < count && waiting; ++i, at += 1) {
      const store::IndexEntry& entry = entries[i];
      waiting = due(level, entry, now) <= now;
      const auto slice = waiting ? store_.read(entry.position, entry.size) : store::Slice{};
      bool whole = false;
      const record::Decoded found = waiting && slice ? decode(*slice, whole) : record::Decoded{};
      if (!whole) continue;
      auto [target, made] = targets.try_emplace(std::string(address_of(found).topic));
      target->second.by_position[entry.position.value] = at;
      if (made) target->second.earliest_ms = std::min(entry.tags_code, unix_ms(now));
    }
  }
  for (const auto& [topic, candidates] : targets) {
    for (const auto& queue : store_.queues_of(topic)) {
      SLUICE_TRY(const QueueOffset next, last_delivered(*queue, candidates));
      if (next.value <= level.next.load()) continue;
      level.next = next.value;
      level.unflushed.push_back({store_.end(), next});
    }
  }
  return {};
}

/// One past the newest candidate that stands in `queue`; 0 when none does. A level delivers in
/// order, so everything before it was delivered too, wherever it went.
Result<QueueOffset> Schedule::last_delivered(const store::Queue& queue,
                                             const Candidates& candidates) const {
  for (QueueOffset at = queue.max(); at > queue.min();) {
    at = at - 1;
    std::array<store::IndexEntry, 1> entry;
    SLUICE_TRY(const std::size_t count, queue.read(at, entry));
    const auto slice = count > 0 ? store_.read(entry[0].position, entry[0].size)
                                 : Result<store::Slice>(fail(Errc::not_found));
    bool whole = false;
    const record::Decoded found = slice ? decode(*slice, whole) : record::Decoded{};
    if (!whole) continue;
    // 0 is also what ordinary messages have there; what was made of the log's first record tells
    // it.
    const bool made = found.message.prepared.value != 0 || !address_of(found).topic.empty();
    const auto made_of = candidates.by_position.find(made ? found.message.prepared.value : -1);
    if (made_of != candidates.by_position.end()) return made_of->second + 1;
    if (found.placement.store_ms < candidates.earliest_ms) break;
  }
  return QueueOffset(0);
}

}  // namespace sluice::broker
