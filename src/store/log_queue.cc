#include "store/log_queue.h"

#include <algorithm>
#include <array>
#include <limits>

#include "store/index_entry.h"

namespace sluice::store {
namespace {

constexpr std::size_t kReadAtOnce = 256;

/// A torn entry can seem to lie anywhere below, but neither before the one before it nor where its
/// queue cannot have had so many messages yet.
bool can_follow(LogPosition before, std::int64_t offset, const IndexEntry& entry) {
  return entry.position > before && entry.position.value >= offset;
}

}  // namespace

Result<std::size_t> LogQueue::read_files(std::int64_t from, std::span<IndexEntry> to) const {
  std::array<std::byte, kReadAtOnce * kIndexEntryBytes> raw;
  std::size_t done = 0;
  while (done < to.size()) {
    const std::size_t want = std::min(to.size() - done, kReadAtOnce);
    SLUICE_TRY(const std::size_t bytes,
               files_.read(name_, (from + static_cast<std::int64_t>(done)) * kIndexEntryBytes,
                           std::span(raw).first(want * kIndexEntryBytes)));
    const std::size_t got = bytes / kIndexEntryBytes;
    for (std::size_t i = 0; i < got; ++i) {
      to[done + i] = decode_entry(raw.data() + i * kIndexEntryBytes);
    }
    done += got;
    if (got < want) break;
  }
  return done;
}

Result<QueueOffset> LogQueue::first_at(LogPosition position) const {
  SLUICE_TRY(const std::int64_t found,
             first_where(log_min().value, max_.load(), [&](const IndexEntry& entry) {
               return entry.size != kBlankEntrySize && entry.position >= position;
             }));
  return QueueOffset(found);
}

Result<std::optional<std::size_t>> LogQueue::read_files_now(std::int64_t from,
                                                            std::span<IndexEntry> to) const {
  std::array<std::byte, kReadAtOnce * kIndexEntryBytes> raw;
  to = to.first(std::min(to.size(), kReadAtOnce));
  SLUICE_TRY(const bool there, files_.read_now(name_, from * kIndexEntryBytes,
                                               std::span(raw).first(to.size() * kIndexEntryBytes)));
  if (!there) return std::nullopt;
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = decode_entry(raw.data() + i * kIndexEntryBytes);
  }
  return to.size();
}

/// From the files or from memory, whichever has the first of them: so maybe fewer than there are.
Result<std::optional<std::size_t>> LogQueue::read_from(std::int64_t from, std::span<IndexEntry> to,
                                                       Wait wait) const {
  if (const auto beside = kept_below_log(QueueOffset(from))) {
    if (wait == Wait::no) return std::nullopt;  // its table may have to come from the disk
    SLUICE_TRY(const std::size_t count, beside->read(QueueOffset(from), to));
    return count;
  }
  const std::int64_t room = max_.load() - from;
  if (room <= 0 || from < 0) return 0;
  to = to.first(std::min(to.size(), static_cast<std::size_t>(room)));
  {
    const std::lock_guard guard(mutex_);
    if (from >= written_) return copy_from_memory(from, to);
    to = to.first(std::min(to.size(), static_cast<std::size_t>(written_ - from)));
  }
  if (wait == Wait::no) return read_files_now(from, to);
  SLUICE_TRY(const std::size_t count, read_files(from, to));
  return count;
}

Result<std::size_t> LogQueue::read(QueueOffset from, std::span<IndexEntry> to) const {
  SLUICE_TRY(const auto got, read_from(from.value, to, Wait::yes));
  if (*got == 0 || *got == to.size()) return *got;
  const auto rest = to.subspan(*got);
  SLUICE_TRY(const auto more,
             read_from(from.value + static_cast<std::int64_t>(*got), rest, Wait::yes));
  return *got + *more;
}

Result<std::optional<std::size_t>> LogQueue::read_now(QueueOffset from,
                                                      std::span<IndexEntry> to) const {
  return read_from(from.value, to, Wait::no);
}

Result<IndexEntry> LogQueue::entry_at(std::int64_t offset) const {
  IndexEntry entry;
  {
    const std::lock_guard guard(mutex_);
    if (offset >= written_ && copy_from_memory(offset, std::span(&entry, 1)) == 1) return entry;
  }
  SLUICE_CHECK(read_files(offset, std::span(&entry, 1)));
  return entry;
}

Result<std::int64_t> LogQueue::first_where(
    std::int64_t low, std::int64_t high, const std::function<bool(const IndexEntry&)>& yes) const {
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    SLUICE_TRY(const IndexEntry entry, entry_at(middle));
    if (yes(entry)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

QueueOffset LogQueue::log_min() const {
  const std::int64_t floor = log_.first();
  if (min_for_.load(std::memory_order_acquire) == floor) return QueueOffset(min_.load());
  const auto found = first_where(
      std::max(min_.load(), first_.load()), max_.load(),
      [&](const auto& entry) { return !is_before_first(entry) && entry.position.value >= floor; });
  if (!found) return QueueOffset(min_.load());
  const std::lock_guard guard(mutex_);
  if (floor > min_for_.load()) {
    min_.store(*found);
    min_for_.store(floor, std::memory_order_release);
  }
  return QueueOffset(min_.load());
}

Result<void> LogQueue::load() {
  SLUICE_TRY(const auto bases, files_.list(name_));
  if (bases.empty()) return {};
  std::size_t oldest = bases.size() - 1;  // of the last run of files without a gap
  while (oldest > 0 && bases[oldest - 1] == bases[oldest] - files_.file_bytes()) --oldest;
  const std::int64_t per_file = files_.file_bytes() / kIndexEntryBytes;
  first_ = bases[oldest] / kIndexEntryBytes;
  std::int64_t end = first_;
  written_ = bases.back() / kIndexEntryBytes + per_file;  // so that entry_at asks the files
  for (std::size_t at = bases.size(); at-- > oldest;) {
    const std::int64_t low = bases[at] / kIndexEntryBytes;
    SLUICE_TRY(end, first_where(low, low + per_file, [](const auto& e) { return !is_used(e); }));
    if (end > low) break;
  }
  written_ = next_ = end;
  max_.store(end);
  return {};
}

Result<void> LogQueue::cut(LogPosition position, const Matches& matches) {
  SLUICE_TRY(const auto bases, files_.list(name_));
  if (bases.empty()) return {};
  const auto is_past = [&](const IndexEntry& entry) {
    return !is_used(entry) || entry.position >= position;
  };
  const std::int64_t high = (bases.back() + files_.file_bytes()) / kIndexEntryBytes;
  written_ = high;
  SLUICE_TRY(std::int64_t end, first_where(first_, high, is_past));
  SLUICE_TRY(const IndexEntry last, entry_at(std::max(end - 1, first_.load())));
  SLUICE_TRY(const IndexEntry before_last, entry_at(std::max(end - 2, first_.load())));
  const bool only = end <= first_ + 1 || before_last.size == kBlankEntrySize;
  const bool sure = end == first_ || last.size == kBlankEntrySize ||
                    (can_follow(only ? LogPosition(-1) : before_last.position, end - 1, last) &&
                     matches(last, QueueOffset(end - 1)));
  LogPosition before(-1);
  for (std::int64_t at = first_; !sure && at <= end; ++at) {
    SLUICE_TRY(const IndexEntry entry, entry_at(at));
    const bool blank = entry.size == kBlankEntrySize;
    if (is_past(entry) || (!blank && !can_follow(before, at, entry))) end = at;
    if (!blank) before = entry.position;
  }
  entries_.clear(*memory_);
  written_ = next_ = end;
  max_.store(end);
  return files_.cut(name_, end * kIndexEntryBytes);
}

/// Fills up to `offset` with blank entries: of a queue that begins late, or of messages that were
/// lost before the one at `position`.
Result<void> LogQueue::start_at(std::int64_t offset, LogPosition position) {
  const std::int64_t file_start = files_.base_of(offset * kIndexEntryBytes) / kIndexEntryBytes;
  if (next_ == first_) {
    first_ = file_start;
    next_ = file_start;
    position = LogPosition(0);
  }
  std::array<std::byte, kIndexEntryBytes> blank;
  encode_entry({.position = position, .size = kBlankEntrySize}, blank.data());
  const std::int64_t from = std::max(next_.load(), file_start);
  for (std::int64_t at = from; at < offset; ++at) {
    SLUICE_CHECK(files_.write(name_, at * kIndexEntryBytes, blank));
  }
  entries_.clear(*memory_);
  written_ = next_ = offset;
  return {};
}

Result<bool> LogQueue::restore(QueueOffset at, const IndexEntry& entry) {
  if (at.value < next_) return false;
  if (at.value > next_) {
    SLUICE_CHECK(write_below(LogPosition(std::numeric_limits<std::int64_t>::max())));
    SLUICE_CHECK(start_at(at.value, entry.position));
  }
  return push(entry);
}

Result<void> LogQueue::remove_old_files() {
  const std::int64_t per_file = files_.file_bytes() / kIndexEntryBytes;
  if (first_ + per_file >= max_.load()) return {};
  const std::int64_t keep = std::min(log_min().value, max_.load() - 1) / per_file * per_file;
  while (first_ < keep) {
    const std::int64_t base = first_ * kIndexEntryBytes;
    first_ += per_file;  // before the file goes, so that min() does not look there
    SLUICE_CHECK(files_.remove_file(name_, base));
  }
  return {};
}

}  // namespace sluice::store
