#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/log.h"
#include "base/numbers.h"
#include "broker/timer_marks.h"
#include "broker/timers.h"
#include "broker/waiting_record.h"
#include "wire/record/properties.h"

/// The index of timed messages: made from the log, written out, and moved along with the log.
namespace sluice::broker {
namespace record = wire::record;
namespace {

constexpr std::size_t kEntriesAtOnce = 256;
constexpr LogPosition kLogEnd(std::numeric_limits<std::int64_t>::max());
constexpr milliseconds kWriteEvery{10'000};
constexpr std::int64_t kMarkReachMax = 64 << 20;  // a batch's messages lie closer to their mark
constexpr std::int64_t kCopyBytes = 1 << 20;

}  // namespace

Result<void> Timers::restore(store::Disk& disk, const std::string& folder,
                             const ApacheTimers& apache) {
  const std::lock_guard lock(work_mutex_);
  apache_ = apache;
  SLUICE_TRY(index_, store::DueIndex::open(disk, folder));
  const store::DueMark known = index_->opened_at();
  const bool apache_was_here = known.foreign_ms != apache.read_ms || known.foreign != apache.queued;
  if (known.log_end > store_.end() || apache_was_here) index_->reset();
  auto replayed = replay(index_->opened_at());
  if (!replayed && replayed.error().code() == Errc::corrupt) return rebuild();
  return replayed;
}

Result<void> Timers::rebuild() {
  log::warn("timer_index_damaged", {{"effect", "it is made again from the log"}});
  damaged_ = false;
  index_->reset();
  return replay({});
}

/// In the order of the log: what waits before what became of it, so that little is known of
/// messages that are over.
Result<void> Timers::replay(const store::DueMark& from) {
  next_ = std::clamp(from.waiting, QueueOffset(0), waiting_->max()).value;
  own_copies_.clear();
  const auto write_if_full = [this](QueueOffset marks) -> Result<void> {
    return index_->full() ? write_out_while_replaying(marks) : Result<void>();
  };
  QueueOffset at = std::max(from.done, marks_->min());
  const QueueOffset end = marks_end_ = marks_->max();
  std::array<store::IndexEntry, kEntriesAtOnce> entries;
  while (at < end) {
    SLUICE_TRY(const std::size_t count, marks_->read(at, entries));
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i, at += 1) {
      do {
        SLUICE_CHECK(write_if_full(at));
        SLUICE_CHECK(follow(entries[i].position));
      } while (index_->full());
      SLUICE_CHECK(apply_mark(entries[i], at + 1 == end));
      SLUICE_CHECK(index_->head());
    }
  }
  do {
    SLUICE_CHECK(write_if_full(at));
    SLUICE_CHECK(follow(kLogEnd));
  } while (index_->full());
  stored_ = std::max(stored_.load(), waiting_->max().value);
  unwritten_ = true;
  return {};
}

Result<void> Timers::apply_mark(const store::IndexEntry& entry, bool is_last) {
  if (entry.size == store::kBlankEntrySize) return {};  // it was lost
  SLUICE_TRY(const auto slice, store_.read(entry.position, entry.size));
  bool whole = false;
  const record::Decoded found = decode(slice, whole);
  if (!whole) {
    return fail(Errc::corrupt, fmt::format("{} at position {} is damaged", kTimerMarksTopic,
                                           entry.position.value));
  }
  SLUICE_TRY(const Mark mark, Mark::parse(found.message.body));
  if (mark.kind == Mark::Kind::again) {
    for (const store::DueEntry& one : mark.entries) index_->put_back(one);
    return {};
  }
  std::size_t count = mark.entries.size();
  if (is_last && mark.kind == Mark::Kind::delivered) {
    SLUICE_TRY(count, delivered_after(entry, mark));
  }
  for (std::size_t i = 0; i < count; ++i) index_->remove(mark.entries[i].key);
  if (count == mark.entries.size()) return {};
  Mark again{
      .kind = Mark::Kind::again,
      .entries = {mark.entries.begin() + static_cast<std::ptrdiff_t>(count), mark.entries.end()}};
  DueMessages::Batch nothing;
  return append(nothing, again, from_unix_ms(found.placement.store_ms));
}

Result<std::size_t> Timers::delivered_after(const store::IndexEntry& entry,
                                            const Mark& mark) const {
  LogPosition at = entry.position + entry.size;
  const LogPosition end = std::min(store_.end(), at + kMarkReachMax);
  std::size_t found = 0;
  while (found < mark.entries.size() && at < end) {
    auto slice = store_.read_record(at);
    if (!slice && slice.error().code() == Errc::io_error) return fail(std::move(slice.error()));
    bool whole = false;
    const record::Decoded next = slice ? decode(*slice, whole) : record::Decoded{};
    if (!whole) {  // the rest of a segment
      at = LogPosition((at.value / store_.segment_bytes() + 1) * store_.segment_bytes());
      continue;
    }
    if (next.message.prepared.value == mark.entries[found].key.position) ++found;
    at += next.size;
  }
  return found;
}

std::shared_ptr<store::DueIndex::Checkpoint> Timers::checkpoint(QueueOffset marks) {
  return index_->prepare({.waiting = QueueOffset(next_.load()),
                          .done = marks,
                          .log_end = store_.end(),
                          .foreign_ms = apache_.read_ms,
                          .foreign = apache_.queued});
}

/// With work_mutex_ held, as nothing is delivered yet.
Result<void> Timers::write_out_while_replaying(QueueOffset marks) {
  const auto written = checkpoint(marks);
  store_.flush_log();
  SLUICE_CHECK(index_->write(*written));
  index_->install(*written);
  return {};
}

Result<void> Timers::write_out() {
  std::shared_ptr<store::DueIndex::Checkpoint> written;
  LogPosition end;
  {
    const std::lock_guard lock(work_mutex_);
    SLUICE_CHECK(follow(kLogEnd));
    SLUICE_CHECK(index_->head());
    end = store_.end();
    written = checkpoint(marks_end_);
    unwritten_ = true;
  }
  // The index must not know what a power cut can take from the log.
  store_.flush_log();
  if (store_.flushed() < end) return {};
  SLUICE_CHECK(index_->write(*written));
  const std::lock_guard lock(work_mutex_);
  index_->install(*written);
  unwritten_ = false;
  return {};
}

Result<void> Timers::upkeep(SteadyTime now, bool all) {
  if (!index_) return {};
  const std::lock_guard one_at_a_time(upkeep_mutex_);
  {
    const std::lock_guard lock(work_mutex_);
    if (damaged_) SLUICE_CHECK(rebuild());
  }
  const std::size_t changes = index_->changes();
  const bool late = (changes > 0 || unwritten_) && (all || now - written_ >= kWriteEvery);
  if (!late && changes < store::DueIndex::kFreshMax && !index_->full()) {
    const std::lock_guard lock(work_mutex_);
    return follow(kLogEnd);
  }
  written_ = now;
  SLUICE_CHECK(write_out());
  return all ? Result<void>() : merge();
}

Result<void> Timers::merge() {
  while (const auto merge = index_->plan_merge()) {
    SLUICE_CHECK(index_->write(*merge));
    {
      const std::lock_guard lock(work_mutex_);
      SLUICE_CHECK(index_->install(*merge));
    }
    SLUICE_CHECK(write_out());
  }
  return {};
}

Result<std::int64_t> Timers::move_above(LogPosition position) {
  const std::lock_guard one_at_a_time(upkeep_mutex_);
  SLUICE_CHECK(write_out());
  const auto walk = index_->walk_below(position.value);
  std::int64_t bytes = 0;
  for (bool more = true; more;) {
    SLUICE_TRY(const std::int64_t moved, move_some(*walk, more));
    bytes += moved;
  }
  return bytes;
}

/// Old entries are out of the order before anybody can be given them; in the files they are marked
/// when the copies are on stable storage.
Result<std::int64_t> Timers::move_some(store::DueIndex::Walk& walk, bool& more) {
  std::int64_t bytes = 0;
  LogPosition until;
  {
    const std::lock_guard lock(work_mutex_);
    SLUICE_TRY(const auto entries, index_->step(walk, kEntriesAtOnce));
    more = !entries.empty();
    for (std::size_t from = 0; from < entries.size();) {
      std::size_t to = from;
      for (std::int64_t size = 0; to < entries.size() && size < kCopyBytes; ++to) {
        size += entries[to].size;
      }
      const std::span part(entries.data() + from, to - from);
      SLUICE_TRY(until, append_copies(part));
      for (const store::DueEntry& entry : part) {
        index_->remove(entry.key);
        bytes += entry.size;
      }
      from = to;
    }
    SLUICE_CHECK(follow(kLogEnd));
  }
  if (!more) return bytes;
  store_.flush_log();
  if (store_.flushed() >= until) SLUICE_CHECK(index_->kill_last(walk));
  return bytes;
}

Result<LogPosition> Timers::append_copies(std::span<const store::DueEntry> entries) {
  std::vector<store::Slice> records;
  std::vector<std::unique_ptr<std::string>> texts;
  std::vector<store::Pending> batch;
  for (const store::DueEntry& entry : entries) {
    auto slice = store_.read(LogPosition(entry.key.position), entry.size);
    if (!slice && slice.error().code() == Errc::io_error) return fail(std::move(slice.error()));
    bool whole = false;
    const record::Decoded found = slice ? decode(*slice, whole) : record::Decoded{};
    if (!whole) continue;  // nothing can be made of it: lost, as its delivery would say
    store::Pending copy{.queue = waiting_.get(), .message = found.message, .crc = found.crc};
    copy.message.prepared = LogPosition(entry.key.position);
    const std::string_view properties = found.message.properties;
    // A delay counts from when the message was stored first.
    if (record::find_property(properties, record::property::kTimerEnqueueMs).empty()) {
      texts.push_back(std::make_unique<std::string>(properties));
      record::set_property(*texts.back(), record::property::kTimerEnqueueMs,
                           std::to_string(found.placement.store_ms));
      copy.message.properties = *texts.back();
    }
    SLUICE_TRY(copy.size, record::encoded_size(copy.message, store_host_));
    batch.push_back(copy);
    records.push_back(std::move(*slice));
  }
  if (batch.empty()) return store_.end();
  SLUICE_TRY(const LogPosition until, store_.append(batch));
  for (const store::Pending& copy : batch) own_copies_.insert(copy.position.value);
  return until;
}

}  // namespace sluice::broker
