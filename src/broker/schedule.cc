#include "broker/schedule.h"

#include <algorithm>
#include <array>
#include <limits>

#include "broker/timer_record.h"
#include "broker/waiting_record.h"

namespace sluice::broker {
namespace record = wire::record;
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kEntriesAtOnce = 64;
constexpr milliseconds kClockSlack{60'000};
constexpr milliseconds kFlushPause{5};    // a message is stored, but its flush is not over
constexpr milliseconds kReadPause{1000};  // a queue's index could not be read

}  // namespace

std::function<std::int64_t(const record::Decoded&)> index_code(DelayLevels levels,
                                                               milliseconds timer_precision) {
  return [levels = std::move(levels), timer_precision](const record::Decoded& found) {
    const record::Message& message = found.message;
    if (message.topic == kScheduleTopic) {
      return found.placement.store_ms + levels.of(message.queue.value + 1).count();
    }
    if (message.topic == kTimerTopic) return timer_code(found, timer_precision);
    return record::tags_code(record::find_property(message.properties, record::property::kTags));
  };
}

/// What one call of deliver() has put together.
struct Schedule::Batch : DueMessages::Batch {
  std::vector<std::pair<Level*, QueueOffset>> moves;
};

Schedule::Schedule(store::MessageStore& store, Topics& topics, DelayLevels levels,
                   record::Host store_host)
    : store_(store),
      levels_(std::move(levels)),
      due_messages_(store, topics, store_host),
      expected_(kNever) {
  int count = levels_.count();
  for (const auto& queue : store_.queues_of(kScheduleTopic)) {
    count = std::max(count, queue->id().value + 1);
  }
  for (int i = 0; i < count; ++i) {
    auto level = std::make_unique<Level>();
    level->number = i + 1;
    level->queue = store_.queue(kScheduleTopic, QueueId(i));
    waiting_.push_back(std::move(level));
  }
}

void Schedule::stored(int number, QueueOffset offset, WallTime due) {
  Level& level = *waiting_[static_cast<std::size_t>(number) - 1];
  const std::int64_t end = offset.value + 1;
  std::int64_t known = level.stored.load();
  while (known < end && !level.stored.compare_exchange_weak(known, end)) {
  }
  if (unix_ms(due) < expected_.load() && on_sooner_) on_sooner_();
}

bool Schedule::delivered(int level, QueueOffset offset) const {
  return waiting_[static_cast<std::size_t>(level) - 1]->next.load() > offset.value;
}

std::optional<WallTime> Schedule::next_due(WallTime now) {
  expected_.store(kNever);
  std::optional<WallTime> next;
  for (const auto& level : waiting_) {
    if (const auto at = head_due(*level, now)) next = next ? std::min(*next, *at) : *at;
  }
  expected_.store(next ? unix_ms(*next) : kNever);
  return next;
}

QueueOffset Schedule::first(const Level& level) const {
  return std::max(QueueOffset(level.next.load()), level.queue->min());
}

WallTime Schedule::due(const Level& level, const store::IndexEntry& entry, WallTime now) const {
  const WallTime due = from_unix_ms(entry.tags_code);
  const bool credible = due <= now + levels_.of(level.number) + kClockSlack;
  return credible ? due : now;
}

std::optional<WallTime> Schedule::head_due(const Level& level, WallTime now) const {
  const QueueOffset at = first(level);
  std::array<store::IndexEntry, 1> entry;
  const auto count = level.queue->read(at, entry);
  if (!count) return now + kReadPause;
  if (*count > 0) return due(level, entry[0], now);
  if (at.value < level.stored.load()) return now + kFlushPause;
  return std::nullopt;
}

Result<Delivered> Schedule::deliver(WallTime now) {
  Batch batch;
  for (const auto& level : waiting_) {
    SLUICE_CHECK(gather(*level, now, batch));
  }
  if (!batch.pending.empty()) {
    SLUICE_TRY(batch.out.until, store_.append(batch.pending));
    batch.out.count = batch.pending.size();
  }
  if (!batch.moves.empty()) advance(batch, now);
  return batch.take_delivered();
}

Result<void> Schedule::gather(Level& level, WallTime now, Batch& batch) {
  QueueOffset at = first(level);
  std::array<store::IndexEntry, kEntriesAtOnce> entries;
  for (bool waiting = true; waiting;) {
    SLUICE_TRY(const std::size_t count, level.queue->read(at, entries));
    waiting = count > 0;
    for (std::size_t i = 0; i < count && waiting; ++i) {
      waiting = due(level, entries[i], now) <= now;
      if (waiting && batch.full()) {
        batch.out.more = true;
        waiting = false;
      }
      if (!waiting) break;
      SLUICE_CHECK(due_messages_.take(entries[i].position, entries[i].size, now, batch));
      at += 1;
    }
  }
  if (at.value > level.next.load()) batch.moves.emplace_back(&level, at);
  return {};
}

void Schedule::advance(const Batch& batch, WallTime now) {
  const std::lock_guard lock(mutex_);
  for (const auto& [level, next] : batch.moves) {
    level->next.store(next.value);
    level->unflushed.push_back({batch.out.until, next});
  }
  version_.timestamp = unix_ms(now);
  ++version_.counter;
}

Schedule::Snapshot Schedule::snapshot() {
  const LogPosition flushed = store_.flushed();
  const std::lock_guard lock(mutex_);
  Snapshot snapshot{.offsets = {}, .version = version_};
  for (const auto& level : waiting_) {
    auto& unflushed = level->unflushed;
    while (!unflushed.empty() && unflushed.front().until <= flushed) {
      level->durable = unflushed.front().next;
      unflushed.pop_front();
    }
    if (level->durable.value > 0) snapshot.offsets[level->number] = level->durable.value;
  }
  return snapshot;
}

}  // namespace sluice::broker
