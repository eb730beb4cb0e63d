#include <algorithm>
#include <utility>

#include "store/index_entry.h"
#include "store/log_queue.h"

/// The entries of a queue that wait in memory for their files.
namespace sluice::store {
namespace {

// Entries. A chunk has room for as many as wait already, so that an idle queue costs little and
// half of what is held is used; where none waits, for as many as were written the last time.
constexpr std::int64_t kFirstChunk = 8;
constexpr std::int64_t kLargestChunk = 2048;

}  // namespace

std::size_t LogQueue::copy_from_memory(std::int64_t from, std::span<IndexEntry> to) const {
  auto chunk = std::ranges::upper_bound(chunks_, from, {}, &Chunk::first);
  if (chunk == chunks_.begin()) return 0;
  std::size_t done = 0;
  for (--chunk; chunk != chunks_.end() && done < to.size(); ++chunk) {
    for (const std::int64_t end = end_of(*chunk); from < end && done < to.size(); ++from) {
      to[done++] = decode_entry(chunk->at(from));
    }
  }
  return done;
}

/// Offset behind its entries.
std::int64_t LogQueue::end_of(const Chunk& chunk) const {
  return &chunk == &chunks_.back() ? next_.load(std::memory_order_acquire) : (&chunk)[1].first;
}

std::byte* LogQueue::add_chunk(std::int64_t capacity) {
  const auto bytes = static_cast<std::size_t>(capacity * kIndexEntryBytes);
  chunks_.push_back({.first = next_,
                     .capacity = capacity,
                     .bytes = std::make_unique_for_overwrite<std::byte[]>(bytes)});
  find_free();
  return free_.load(std::memory_order_relaxed);
}

void LogQueue::find_free() {
  free_ = chunks_.empty() ? nullptr : chunks_.back().at(next_);
  free_end_ = chunks_.empty()
                  ? nullptr
                  : chunks_.back().bytes.get() + chunks_.back().capacity * kIndexEntryBytes;
}

void LogQueue::forget_entries() {
  chunks_.clear();
  chunks_.shrink_to_fit();
  find_free();
}

bool LogQueue::adopt(std::int64_t first, std::int64_t written, Bytes unwritten) {
  first_ = first;
  written_ = next_ = written;
  const auto count = static_cast<std::int64_t>(unwritten.size()) / kIndexEntryBytes;
  if (count > 0) {
    std::ranges::copy(unwritten, add_chunk(std::max(count, kFirstChunk)));
    next_ += count;
    find_free();
    known_ = true;
  }
  max_.store(next_);
  return count > 0;
}

bool LogQueue::push(const IndexEntry& entry) {
  const std::int64_t at = next_.load(std::memory_order_relaxed);
  const std::int64_t waiting = at - written_.load(std::memory_order_relaxed);
  std::byte* to = free_.load(std::memory_order_relaxed);
  if (to == free_end_) {
    const std::lock_guard guard(mutex_);
    to = add_chunk(std::clamp(waiting > 0 ? waiting : first_chunk_, kFirstChunk, kLargestChunk));
  }
  encode_entry(entry, to);
  free_.store(to + kIndexEntryBytes, std::memory_order_relaxed);
  next_.store(at + 1, std::memory_order_release);
  if (!known_) return known_ = true;
  if (waiting + 1 < kWorthAWrite || many_.load(std::memory_order_relaxed)) return false;
  many_.store(true, std::memory_order_relaxed);
  return true;
}

bool LogQueue::let_go() {
  const std::lock_guard guard(mutex_);
  if (next_ > written_) return false;
  forget_entries();
  return !(known_ = false);
}

void LogQueue::take_back(LogPosition position) {
  const std::lock_guard guard(mutex_);
  for (; next_ > written_; --next_) {
    IndexEntry last;
    copy_from_memory(next_ - 1, std::span(&last, 1));
    if (last.position < position) break;
    if (chunks_.back().first == next_ - 1) chunks_.pop_back();
  }
  find_free();
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

/// Mostly all of them: only the newest are not flushed.
std::int64_t LogQueue::count_below(LogPosition position) const {
  const auto ends_below = [&](std::int64_t at) {
    IndexEntry entry;
    copy_from_memory(at, std::span(&entry, 1));
    return entry.position + entry.size <= position;
  };
  std::int64_t low = written_, high = next_;
  if (low == high || ends_below(high - 1)) return high - low;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (ends_below(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - written_;
}

/// Bytes below next_ never change, so they are good without the mutex until drop_front().
std::vector<Bytes> LogQueue::entries_below(std::int64_t to) const {
  std::vector<Bytes> parts;
  for (const Chunk& chunk : chunks_) {
    const std::int64_t low = std::max(written_.load(), chunk.first);
    const std::int64_t high = std::min(to, end_of(chunk));
    if (low >= high) continue;
    parts.emplace_back(chunk.at(low), static_cast<std::size_t>((high - low) * kIndexEntryBytes));
  }
  return parts;
}

/// But for the last chunk, to which somebody may be adding; see let_go().
void LogQueue::drop_front(std::int64_t to) {
  first_chunk_ = to - written_.exchange(to);
  many_ = next_ - to >= kWorthAWrite;  // then the maintenance keeps it
  while (chunks_.size() > 1 && end_of(chunks_.front()) <= to) chunks_.erase(chunks_.begin());
}

Result<LogQueue::Unwritten> LogQueue::write_below(LogPosition position) {
  std::vector<Bytes> parts;
  std::int64_t from = 0, to = 0;
  {
    const std::lock_guard guard(mutex_);
    from = written_;
    to = from + count_below(position);
    if (!removed_) parts = entries_below(to);
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
    parts = entries_below(written_ + count_below(position));
  }
  if (written > 0 || !parts.empty()) table.add(topic(), id(), first_, written, parts);
}

}  // namespace sluice::store
