#include <algorithm>
#include <utility>

#include "store/index_entry.h"
#include "store/log_queue.h"

/// The entries of a queue that wait in memory for their files.
namespace sluice::store {
namespace {

// Entries; doubles, so that an idle queue costs little, and half of what is held is used. A busy
// queue's grows faster, and begins with as much as it had the last time.
constexpr std::int64_t kFirstChunk = 8;
constexpr std::int64_t kLargestChunk = 2048;

std::int64_t next_capacity(std::int64_t before) {
  return std::min(before * (before < LogQueue::kWorthAWrite ? 2 : 4), kLargestChunk);
}

}  // namespace

std::size_t LogQueue::copy_from_memory(std::int64_t from, std::span<IndexEntry> to) const {
  auto chunk = std::ranges::upper_bound(chunks_, from, {}, &Chunk::first);
  if (chunk == chunks_.begin()) return 0;
  std::size_t done = 0;
  std::int64_t at = from - (--chunk)->first;
  for (; chunk != chunks_.end() && done < to.size(); ++chunk, at = 0) {
    for (; at < chunk->used && done < to.size(); ++at) {
      to[done++] = decode_entry(chunk->bytes.get() + at * kIndexEntryBytes);
    }
  }
  return done;
}

LogQueue::Chunk& LogQueue::add_chunk(std::int64_t capacity) {
  const auto bytes = static_cast<std::size_t>(capacity * kIndexEntryBytes);
  return chunks_.emplace_back(Chunk{.first = next_,
                                    .capacity = capacity,
                                    .bytes = std::make_unique_for_overwrite<std::byte[]>(bytes)});
}

bool LogQueue::adopt(std::int64_t first, std::int64_t written, Bytes unwritten) {
  first_ = first;
  written_ = next_ = written;
  const auto count = static_cast<std::int64_t>(unwritten.size()) / kIndexEntryBytes;
  if (count > 0) {
    Chunk& chunk = add_chunk(std::max(count, kFirstChunk));
    std::ranges::copy(unwritten, chunk.bytes.get());
    chunk.used = count;
    next_ += count;
  }
  max_.store(next_);
  return count > 0;
}

bool LogQueue::push(const IndexEntry& entry) {
  const std::lock_guard guard(mutex_);
  if (chunks_.empty() || chunks_.back().used == chunks_.back().capacity) {
    add_chunk(chunks_.empty() ? std::max<std::int64_t>(first_chunk_, kFirstChunk)
                              : next_capacity(chunks_.back().capacity));
  }
  Chunk& chunk = chunks_.back();
  encode_entry(entry, chunk.bytes.get() + chunk.used * kIndexEntryBytes);
  ++chunk.used;
  const std::int64_t count = ++next_ - written_;
  return count == 1 || count == kWorthAWrite;
}

void LogQueue::take_back(LogPosition position) {
  const std::lock_guard guard(mutex_);
  for (; next_ > written_; --next_) {
    IndexEntry last;
    copy_from_memory(next_ - 1, std::span(&last, 1));
    if (last.position < position) return;
    if (--chunks_.back().used == 0) chunks_.pop_back();
  }
}

LogQueue::Unwritten LogQueue::unwritten() const {
  const std::lock_guard guard(mutex_);
  return unwritten_locked();
}

LogQueue::Unwritten LogQueue::unwritten_locked() const {
  IndexEntry oldest;
  if (next_ > written_) copy_from_memory(written_, std::span(&oldest, 1));
  return {.count = next_ - written_, .oldest = oldest.position};
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
    const std::int64_t low = std::max(written_, chunk.first);
    const std::int64_t high = std::min(to, chunk.first + chunk.used);
    if (low >= high) continue;
    parts.emplace_back(chunk.bytes.get() + (low - chunk.first) * kIndexEntryBytes,
                       static_cast<std::size_t>((high - low) * kIndexEntryBytes));
  }
  return parts;
}

void LogQueue::drop_front(std::int64_t to) {
  const std::int64_t count = to - std::exchange(written_, to);
  const auto keep = std::ranges::find_if(
      chunks_, [&](const Chunk& chunk) { return chunk.first + chunk.used > to; });
  chunks_.erase(chunks_.begin(), keep);
  if (!chunks_.empty()) return;
  first_chunk_ = static_cast<std::int32_t>(std::min(count, kLargestChunk));
  if (first_chunk_ <= kFirstChunk) chunks_.shrink_to_fit();
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
