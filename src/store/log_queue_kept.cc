#include <algorithm>

#include "store/log_queue.h"

/// A queue of which a part lies beside the log.
namespace sluice::store {

void LogQueue::set_kept(std::shared_ptr<const Kept> kept) {
  const std::lock_guard guard(mutex_);
  kept_.swap(kept);  // what was there may go after the mutex
  has_kept_.store(kept_ != nullptr);
}

std::shared_ptr<const Kept> LogQueue::kept() const {
  if (!has_kept_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard guard(mutex_);
  return kept_;
}

/// What has the messages from an offset on, when it is not the log. The log's beginning comes
/// first: what it drops after that is there already.
std::shared_ptr<const Kept> LogQueue::kept_below_log(QueueOffset offset) const {
  if (!has_kept_.load(std::memory_order_acquire)) return nullptr;
  const QueueOffset log = log_min();
  auto kept = this->kept();
  return kept && offset < kept->log_from(log) ? kept : nullptr;
}

QueueOffset LogQueue::first_from(QueueOffset from) const {
  if (!has_kept_.load(std::memory_order_acquire)) return from;
  const QueueOffset log_begins = log_min();
  const auto kept = this->kept();
  if (!kept) return from;
  const QueueOffset log = kept->log_from(log_begins);
  return from >= log ? from : std::min(kept->next(from).value_or(log), log);
}

QueueOffset LogQueue::min() const {
  const QueueOffset log_begins = log_min();
  const auto kept = this->kept();
  const QueueOffset log = kept ? kept->log_from(log_begins) : log_begins;
  const QueueOffset first = kept ? std::min(kept->next({}).value_or(log), log) : log;
  return std::max(first, floor());
}

void LogQueue::raise_floor(QueueOffset offset) {
  std::int64_t before = floor_.load(std::memory_order_relaxed);
  while (before < offset.value && !floor_.compare_exchange_weak(before, offset.value)) {
  }
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
