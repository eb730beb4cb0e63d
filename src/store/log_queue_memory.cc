#include <algorithm>
#include <utility>

#include "store/index_entry.h"
#include "store/log_queue.h"

/// The entries of a queue that wait in memory for their files.
namespace sluice::store {
namespace {

// Entries. Where few wait there are small blocks, so that an idle queue costs little; where many
// do, room for as many again, so that half of what is held is used; where none waits, for as many
// as were written the last time.
constexpr std::int64_t kManyWait = 64;
constexpr std::int64_t kLargestBlock = 2048;

}  // namespace

std::size_t LogQueue::copy_from_memory(std::int64_t from, std::span<IndexEntry> to) const {
  return entries_.copy(from, next_.load(std::memory_order_acquire), to);
}

void LogQueue::add_block(std::int64_t waiting) {
  const std::int64_t wanted = waiting > 0 ? waiting : written_at_once_.load();
  entries_.add_block(*memory_, next_, wanted < kManyWait ? 1 : std::min(wanted, kLargestBlock));
}

bool LogQueue::adopt(std::int64_t first, std::int64_t written, Bytes unwritten) {
  first_ = first;
  written_ = next_ = written;
  for (; !unwritten.empty(); unwritten = unwritten.subspan(kIndexEntryBytes)) {
    if (entries_.full()) add_block(next_ - written);
    entries_.add(decode_entry(unwritten.data()));
    ++next_;
    known_ = true;
  }
  max_.store(next_);
  return known_;
}

bool LogQueue::push(const IndexEntry& entry) {
  const std::int64_t at = next_.load(std::memory_order_relaxed);
  const std::int64_t waiting = at - written_.load(std::memory_order_relaxed);
  if (entries_.full()) add_block(waiting);
  entries_.add(entry);
  next_.store(at + 1, std::memory_order_release);
  if (!known_) return known_ = true;
  if (waiting + 1 < kWorthAWrite || many_.load(std::memory_order_relaxed)) return false;
  many_.store(true, std::memory_order_relaxed);
  return true;
}

bool LogQueue::let_go() {
  const std::lock_guard guard(mutex_);
  if (next_ > written_) return false;
  entries_.clear(*memory_);
  return !(known_ = false);
}

void LogQueue::take_back(LogPosition position) {
  const std::lock_guard guard(mutex_);
  const std::int64_t end =
      first_waiting([&](const IndexEntry& entry) { return entry.position >= position; });
  next_ = end;
  entries_.cut(*memory_, end);
}

LogQueue::Unwritten LogQueue::unwritten() const {
  const std::lock_guard guard(mutex_);
  return unwritten_locked();
}

LogQueue::Unwritten LogQueue::unwritten_locked() const {
  IndexEntry oldest;
  const std::int64_t count = next_ - written_;  // it may grow meanwhile
  if (count > 0) copy_from_memory(written_, std::span(&oldest, 1));
  return {.count = count, .oldest = oldest.position};
}

/// The first entry in memory alone that `yes` is true of, as it is of all behind; next_: none.
/// Mostly it is none: only the newest are not flushed.
template <class Yes>
std::int64_t LogQueue::first_waiting(Yes yes) const {
  const auto is = [&](std::int64_t at) {
    IndexEntry entry;
    copy_from_memory(at, std::span(&entry, 1));
    return yes(entry);
  };
  std::int64_t low = written_, high = next_;
  if (low == high || !is(high - 1)) return high;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (is(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

std::int64_t LogQueue::count_below(LogPosition position) const {
  return first_waiting(
             [&](const IndexEntry& entry) { return entry.position + entry.size > position; }) -
         written_;
}

/// But for the last block, to which somebody may be adding; see let_go().
void LogQueue::drop_front(std::int64_t to) {
  written_at_once_ = to - written_.exchange(to);
  many_ = next_ - to >= kWorthAWrite;  // then the maintenance keeps it
  entries_.drop_below(*memory_, to);
}

Result<LogQueue::Unwritten> LogQueue::write_below(LogPosition position) {
  std::vector<Bytes> parts;
  std::int64_t from = 0, to = 0;
  {
    const std::lock_guard guard(mutex_);
    from = written_;
    to = from + count_below(position);
    // Bytes below next_ never change, so they are good without the mutex until drop_front().
    if (!removed_) parts = entries_.parts(from, to);
  }
  std::int64_t at = from * kIndexEntryBytes;
  if (!parts.empty() && cut_first_) {
    SLUICE_CHECK(files_.cut(name_, at));
    cut_first_ = false;
  }
  for (const Bytes part : parts) {
    SLUICE_CHECK(files_.write(name_, at, part));
    at += static_cast<std::int64_t>(part.size());
  }
  const std::lock_guard guard(mutex_);
  drop_front(to);
  return unwritten_locked();
}

void LogQueue::add_to(QueueTableWriter& table, LogPosition position) const {
  std::vector<Bytes> parts;
  std::int64_t written = 0;
  {
    const std::lock_guard guard(mutex_);
    written = written_;
    parts = entries_.parts(written, written + count_below(position));
  }
  if (written > 0 || !parts.empty()) table.add(topic(), id(), first_, written, parts);
}

}  // namespace sluice::store
