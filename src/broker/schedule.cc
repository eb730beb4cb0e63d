#include "broker/schedule.h"

#include <algorithm>
#include <array>
#include <limits>

#include "broker/light_queues.h"
#include "broker/schedule_record.h"

namespace sluice::broker {
namespace record = wire::record;
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kBatchBytes = 1 << 20;
constexpr std::size_t kBatchMessages = 1024;
constexpr std::size_t kEntriesAtOnce = 64;
constexpr milliseconds kClockSlack{60'000};
constexpr milliseconds kFlushPause{5};    // a message is stored, but its flush is not over
constexpr milliseconds kReadPause{1000};  // a queue's index could not be read

}  // namespace

std::function<std::int64_t(const record::Decoded&)> index_code(DelayLevels levels) {
  return [levels = std::move(levels)](const record::Decoded& found) {
    const record::Message& message = found.message;
    if (message.topic == kScheduleTopic) {
      return found.placement.store_ms + levels.of(message.queue.value + 1).count();
    }
    return record::tags_code(record::find_property(message.properties, record::property::kTags));
  };
}

/// What one call of deliver() has put together.
struct Schedule::Batch {
  std::vector<store::Pending> pending;
  std::vector<store::Slice> records;  // what `pending` has views of
  std::vector<std::pair<Level*, QueueOffset>> moves;
  Spread spread;
  std::size_t bytes = 0;
  Delivered out;
  bool full() const { return bytes >= kBatchBytes || pending.size() >= kBatchMessages; }
};

Schedule::Schedule(store::MessageStore& store, Topics& topics, DelayLevels levels,
                   record::Host store_host)
    : store_(store),
      topics_(topics),
      levels_(std::move(levels)),
      store_host_(store_host),
      expected_(kNever) {
  int count = levels_.count();
  for (const auto& queue : store_.queues()) {
    if (queue->topic() == kScheduleTopic) count = std::max(count, queue->id().value + 1);
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

Result<Schedule::Delivered> Schedule::deliver(WallTime now) {
  Batch batch;
  for (const auto& level : waiting_) {
    SLUICE_CHECK(gather(*level, now, batch));
  }
  if (!batch.pending.empty()) {
    SLUICE_TRY(batch.out.until, store_.append(batch.pending));
    batch.out.count = batch.pending.size();
  }
  if (!batch.moves.empty()) advance(batch, now);
  Delivered& out = batch.out;
  out.topics.insert(out.topics.end(), batch.spread.topics.begin(), batch.spread.topics.end());
  out.queues.insert(out.queues.end(), batch.spread.queues.begin(), batch.spread.queues.end());
  return std::move(out);
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
      SLUICE_CHECK(take(entries[i], now, batch));
      at += 1;
    }
  }
  if (at.value > level.next.load()) batch.moves.emplace_back(&level, at);
  return {};
}

Result<void> Schedule::take(const store::IndexEntry& entry, WallTime now, Batch& batch) {
  auto slice = store_.read(entry.position, entry.size);
  if (!slice && slice.error().code() == Errc::io_error) return fail(std::move(slice.error()));
  bool whole = false;
  const record::Decoded found = slice ? decode(*slice, whole) : record::Decoded{};
  const RealAddress address = whole ? address_of(found) : RealAddress{};
  auto to = target(address.topic, address.queue, now, batch);
  if (!to) {
    ++batch.out.lost;
    return {};
  }
  const auto [topic, queue] = *to;
  store::Pending pending{.queue = queue->index.get(), .message = found.message, .crc = found.crc};
  pending.message.topic = topic->name();
  pending.message.queue = queue->index->id();
  pending.message.prepared = entry.position;
  pending.tags_code =
      record::tags_code(record::find_property(found.message.properties, record::property::kTags));
  // Names that were good when it was sent; without them it is a message of its topic all the same.
  (void)spread(topics_, false, pending, batch.spread);
  const auto size = record::encoded_size(pending.message, store_host_);
  if (!size) {
    ++batch.out.lost;
    return {};
  }
  pending.size = *size;
  batch.bytes += static_cast<std::size_t>(pending.size);
  batch.pending.push_back(pending);
  batch.records.push_back(std::move(*slice));
  auto& grown = batch.out.queues;
  if (std::ranges::find(grown, queue) == grown.end()) grown.push_back(queue);
  return {};
}

Result<std::pair<Topic*, TopicQueue*>> Schedule::target(std::string_view name, QueueId id,
                                                        WallTime now, Batch& batch) {
  auto& used = batch.out.topics;
  const auto known =
      std::ranges::find(used, name, [](const auto& t) -> const std::string& { return t->name(); });
  std::shared_ptr<Topic> topic = known != used.end() ? *known : topics_.find(name);
  if (!topic) {
    SLUICE_TRY(topic, make_topic(name, id, now));
  }
  TopicQueue* queue = topic->queue(id);
  if (!queue && made_.contains(topic->name())) {
    SLUICE_CHECK(grow(*topic, id, now));
    queue = topic->queue(id);
  }
  // The topic has fewer queues than when the message was sent.
  if (!queue) queue = topic->queue(QueueId(id.value % std::max(topic->write_queues(), 1)));
  if (!queue) return fail(Errc::queue_out_of_range);
  if (known == used.end()) used.push_back(topic);
  return std::pair{topic.get(), queue};
}

/// With as many queues as the store knows of it.
Result<std::shared_ptr<Topic>> Schedule::make_topic(std::string_view name, QueueId id,
                                                    WallTime now) {
  std::int32_t queues = std::min(id.value, kQueuesMax - 1) + 1;
  for (const auto& queue : store_.queues()) {
    if (queue->topic() == name) queues = std::max(queues, queue->id().value + 1);
  }
  TopicConfig config{.name = std::string(name)};
  config.read_queues = config.write_queues = std::min(queues, kQueuesMax);
  made_.insert(config.name);
  return topics_.ensure(std::move(config), now);
}

/// A topic that was made here turns out to have had more queues.
Result<void> Schedule::grow(const Topic& topic, QueueId id, WallTime now) {
  TopicConfig config = *topic.config();
  config.read_queues = config.write_queues = std::min(id.value, kQueuesMax - 1) + 1;
  return topics_.put(std::move(config), now);
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
