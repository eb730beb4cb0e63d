#include "broker/timers.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/numbers.h"
#include "broker/timer_marks.h"
#include "broker/waiting_record.h"
#include "wire/record/properties.h"

namespace sluice::broker {
namespace record = wire::record;
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kEntriesAtOnce = 256;
constexpr milliseconds kFlushPause{5};  // a message is stored, but its flush is not over
constexpr milliseconds kHeldPause{1};   // somebody is recalling the next one
constexpr std::size_t kMarkBatch = 1024;
constexpr LogPosition kLogEnd(kNever);

}  // namespace

Timers::Timers(store::MessageStore& store, Topics& topics, TimerOptions options,
               record::Host store_host)
    : store_(store),
      options_(options),
      store_host_(store_host),
      waiting_(store.queue(kTimerTopic, QueueId(0))),
      marks_(store.queue(kTimerMarksTopic, QueueId(0))),
      expected_(kNever),
      due_messages_(store, topics, store_host) {}

void Timers::stored(QueueOffset offset, WallTime due) {
  const std::int64_t end = offset.value + 1;
  std::int64_t known = stored_.load();
  while (known < end && !stored_.compare_exchange_weak(known, end)) {
  }
  if (unix_ms(due) < expected_.load() && on_sooner_) on_sooner_();
}

std::optional<WallTime> Timers::next_due(WallTime now) {
  const std::lock_guard lock(work_mutex_);
  expected_.store(kNever);
  if (!index_) return std::nullopt;
  const auto read = follow(kLogEnd);
  const auto head = index_->head();
  std::optional<WallTime> next;
  if (!read || !head) return now;  // deliver() says why
  if (*head) next = std::max(from_unix_ms((*head)->due_ms), now + kHeldPause);
  if (next_.load() < std::max(waiting_->max().value, stored_.load())) {
    next = std::min(next.value_or(now + kFlushPause), now + kFlushPause);
  }
  expected_.store(next ? unix_ms(*next) : kNever);
  return next;
}

/// Takes in what the queue has beyond what the index knows, as far as the index has room.
Result<void> Timers::follow(LogPosition below) {
  std::array<store::IndexEntry, kEntriesAtOnce> entries;
  QueueOffset at = std::max(QueueOffset(next_.load()), waiting_->min());
  for (bool more = true; more && at < waiting_->max() && !index_->full();) {
    SLUICE_TRY(const std::size_t count, waiting_->read(at, entries));
    more = count > 0;
    for (std::size_t i = 0; i < count && more; ++i) {
      more = entries[i].position < below;
      if (!more) break;
      SLUICE_CHECK(take_in(entries[i], at));
      at += 1;
      next_.store(at.value);
    }
  }
  return {};
}

Result<void> Timers::take_in(const store::IndexEntry& entry, QueueOffset offset) {
  if (!is_due_time(entry.tags_code)) return take_in_odd(entry, offset);
  if (done_by_apache(offset, entry.tags_code - 1)) return {};
  index_->add({{entry.tags_code, entry.position.value}, entry.size});
  return {};
}

/// A copy, a recall, or a record that Apache's broker wrote.
Result<void> Timers::take_in_odd(const store::IndexEntry& entry, QueueOffset offset) {
  auto slice = store_.read(entry.position, entry.size);
  if (!slice && slice.error().code() == Errc::io_error) return fail(std::move(slice.error()));
  bool whole = false;
  const record::Decoded found = slice ? decode(*slice, whole) : record::Decoded{};
  const auto due = whole ? due_ms_of(found, options_.precision) : std::nullopt;
  const record::Message& message = found.message;
  const auto property = [&](std::string_view name) {
    return record::find_property(message.properties, name);
  };
  if (!due) return {};
  const auto out = parse_number<std::int64_t>(property(record::property::kTimerOutMs));
  if (done_by_apache(offset, out.value_or(0))) return {};
  const std::string_view topic = property(record::property::kRealTopic);
  const std::string_view unique_key = property(record::property::kUniqueKey);
  const bool recall = !property(record::property::kTimerDeletes).empty();
  if (message.prepared.value > 0) {
    if (own_copies_.erase(entry.position.value) == 0) {
      index_->remove({*due, message.prepared.value});
    }
  } else if (recall || !property(record::property::kTimerRollTimes).empty()) {
    SLUICE_CHECK(remove_like(found, *due, topic, unique_key));
  }
  if (!recall) index_->add({{*due, entry.position.value}, entry.size});
  return {};
}

/// What Apache's broker means by a recall, or has put back for later: the message of that topic and
/// key that is due in the same second.
Result<void> Timers::remove_like(const record::Decoded& found, std::int64_t due_ms,
                                 std::string_view topic, std::string_view unique_key) {
  if (unique_key.empty()) return {};
  store::DueKey from{due_ms - options_.precision.count(), 0};
  while (true) {
    SLUICE_TRY(const auto near, index_->list(from, kEntriesAtOnce));
    for (const store::DueEntry& entry : near) {
      if (entry.key.due_ms > due_ms + options_.precision.count()) return {};
      const auto slice = store_.read(LogPosition(entry.key.position), entry.size);
      bool whole = false;
      const record::Decoded other = slice ? decode(*slice, whole) : record::Decoded{};
      if (!whole || entry.key.position >= found.placement.position.value) continue;
      const std::string_view properties = other.message.properties;
      if (record::find_property(properties, record::property::kUniqueKey) == unique_key &&
          record::find_property(properties, record::property::kRealTopic) == topic) {
        index_->remove(entry.key);
        return {};
      }
    }
    if (near.size() < kEntriesAtOnce) return {};
    from = near.back().key;
    ++from.position;
  }
}

/// Its wheel has turned past the message: it was delivered, or put into the topic again for later.
bool Timers::done_by_apache(QueueOffset offset, std::int64_t out_ms) const {
  return offset < apache_.queued && out_ms < apache_.read_ms;
}

Result<Delivered> Timers::deliver(WallTime now) {
  const std::lock_guard lock(work_mutex_);
  if (!index_) return Delivered{};
  auto delivered = deliver_due(now);
  if (delivered) return delivered;
  index_->rewind();
  damaged_ = damaged_ || delivered.error().code() == Errc::corrupt;
  return delivered;
}

Result<Delivered> Timers::deliver_due(WallTime now) {
  SLUICE_CHECK(follow(kLogEnd));
  DueMessages::Batch batch;
  Mark delivered, lost{.kind = Mark::Kind::lost, .entries = {}};
  while (true) {
    if (batch.full() || lost.entries.size() >= kMarkBatch) {
      batch.out.more = true;
      break;
    }
    SLUICE_TRY(const auto entry, index_->next(unix_ms(now)));
    if (!entry) break;
    SLUICE_TRY(const bool taken,
               due_messages_.take(LogPosition(entry->key.position), entry->size, now, batch));
    (taken ? delivered : lost).entries.push_back(*entry);
  }
  batch.out.count = delivered.entries.size();
  if (!lost.entries.empty()) {
    DueMessages::Batch nothing;
    SLUICE_CHECK(append(nothing, lost, now));
  }
  if (!delivered.entries.empty()) SLUICE_CHECK(append(batch, delivered, now));
  index_->consume();
  return batch.take_delivered();
}

/// The mark, and behind it the messages.
Result<void> Timers::append(DueMessages::Batch& batch, Mark& mark, WallTime now) {
  const std::string body = mark.body();
  store::Pending first{.queue = marks_.get()};
  first.message.topic = kTimerMarksTopic;
  first.message.born_ms = unix_ms(now);
  first.message.body = as_bytes(body);
  SLUICE_TRY(first.size, record::encoded_size(first.message, store_host_));
  first.crc = record::body_crc(first.message.body);
  batch.pending.insert(batch.pending.begin(), first);
  SLUICE_TRY(batch.out.until, store_.append(batch.pending));
  marks_end_ = batch.pending.front().offset + 1;
  return {};
}

bool Timers::waits_below(LogPosition position) const {
  const std::lock_guard lock(work_mutex_);
  if (!index_ || damaged_) return true;
  const QueueOffset unread(next_.load());
  std::array<store::IndexEntry, 1> entry;
  const auto count = waiting_->read(std::max(unread, waiting_->min()), entry);
  if (!count || (*count > 0 && entry[0].position < position)) return true;
  return index_->min_position() < position.value;
}

Result<Timers::Page> Timers::list(store::DueKey from, std::string_view topic,
                                  std::size_t max) const {
  constexpr std::size_t kLookedAtMax = 10'000;
  Page page;
  if (!index_) return page;
  for (std::size_t seen = 0; seen < kLookedAtMax && page.messages.size() < max;) {
    SLUICE_TRY(const auto entries, index_->list(from, kEntriesAtOnce));
    for (const store::DueEntry& entry : entries) {
      ++seen;
      from = entry.key;
      ++from.position;
      const auto slice = store_.read(LogPosition(entry.key.position), entry.size);
      bool whole = false;
      const record::Decoded found = slice ? decode(*slice, whole) : record::Decoded{};
      const RealAddress to = whole ? address_of(found) : RealAddress{};
      if (!whole || (!topic.empty() && to.topic != topic)) continue;
      page.messages.push_back({.key = entry.key,
                               .topic = std::string(to.topic),
                               .unique_key = std::string(record::find_property(
                                   found.message.properties, record::property::kUniqueKey)),
                               .queue = to.queue,
                               .stored_ms = found.placement.store_ms,
                               .body_bytes = static_cast<std::int32_t>(found.message.body.size())});
      if (page.messages.size() == max) break;
    }
    if (entries.size() < kEntriesAtOnce && page.messages.size() < max) return page;
  }
  page.next = from;
  return page;
}

}  // namespace sluice::broker
