#include <algorithm>

#include "store/log_queue.h"

/// A queue of which compaction has kept a part.
namespace sluice::store {

void LogQueue::set_compacted(std::shared_ptr<const Compacted> kept) {
  const std::lock_guard guard(compacted_mutex_);
  compacted_ = std::move(kept);
  has_compacted_.store(compacted_ != nullptr);
}

std::shared_ptr<const Compacted> LogQueue::compacted() const {
  if (!has_compacted_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard guard(compacted_mutex_);
  return compacted_;
}

Result<std::size_t> LogQueue::read_compacted(const Compacted& kept, QueueOffset from,
                                             std::span<IndexEntry> to) {
  std::size_t done = 0;
  std::int64_t row = kept.find(from);
  for (; done < to.size() && row < kept.count(); ++row, ++done) {
    if (kept.offset_of(row) != from + static_cast<std::int64_t>(done)) break;
    SLUICE_TRY(const CompactedRow found, kept.row(row));
    to[done] = {
        .position = kept.position_of(found), .size = found.size, .tags_code = found.tags_code};
  }
  return done;
}

QueueOffset LogQueue::first_from(QueueOffset from) const {
  const auto kept = compacted();
  if (!kept || from >= kept->upto()) return from;
  const std::int64_t row = kept->find(from);
  return row < kept->count() ? kept->offset_of(row) : kept->upto();
}

QueueOffset LogQueue::min() const {
  const auto kept = compacted();
  if (!kept) return log_min();
  return kept->count() > 0 ? kept->offset_of(0) : std::max(kept->upto(), log_min());
}

Result<void> LogQueue::skip_to(QueueOffset offset) {
  if (offset.value <= next_) return {};
  SLUICE_CHECK(write_below(LogPosition(std::numeric_limits<std::int64_t>::max())));
  // Blank entries lie where the last message does: positions never go down along a queue.
  LogPosition behind(0);
  if (next_ > first_) {
    SLUICE_TRY(const IndexEntry last, entry_at(next_ - 1));
    behind = last.position;
  }
  SLUICE_CHECK(start_at(offset.value, behind));
  publish(offset);
  return {};
}

}  // namespace sluice::store
