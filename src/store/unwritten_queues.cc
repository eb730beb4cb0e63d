#include "store/unwritten_queues.h"

#include <algorithm>
#include <utility>

namespace sluice::store {

/// Of entries that are not flushed the oldest may be taken back, and the next one lie before it.
void UnwrittenQueues::add(std::shared_ptr<LogQueue> queue, LogPosition flushed) {
  LogQueue::Unwritten left = queue->unwritten();
  if (left.count == 0) {
    if (tail_.let_go(*queue)) return;
    left = queue->unwritten();
  }
  if (queue->listed()) return;
  queue->set_listed(true);
  heap_.push_back({.queue = std::move(queue), .oldest = std::min(left.oldest, flushed)});
  std::ranges::push_heap(heap_, later);
}

std::int64_t UnwrittenQueues::entries() const {
  std::int64_t sum = 0;
  for (const Row& row : heap_) sum += row.queue->unwritten().count;
  return sum;
}

LogPosition UnwrittenQueues::oldest(LogPosition flushed) {
  while (!heap_.empty()) {
    const LogQueue::Unwritten left = heap_.front().queue->unwritten();
    const LogPosition at = std::min(left.oldest, flushed);
    if (left.count > 0 && at == heap_.front().oldest) return at;
    add(take_first(), flushed);
  }
  return flushed;
}

std::shared_ptr<LogQueue> UnwrittenQueues::take_first() {
  std::ranges::pop_heap(heap_, later);
  auto queue = std::move(heap_.back().queue);
  heap_.pop_back();
  queue->set_listed(false);
  return queue;
}

std::vector<std::shared_ptr<LogQueue>> UnwrittenQueues::take_all() {
  std::vector<std::shared_ptr<LogQueue>> queues;
  queues.reserve(heap_.size());
  for (Row& row : heap_) {
    row.queue->set_listed(false);
    queues.push_back(std::move(row.queue));
  }
  heap_.clear();
  return queues;
}

std::vector<std::shared_ptr<LogQueue>> UnwrittenQueues::take_older(LogPosition position) {
  std::vector<std::shared_ptr<LogQueue>> queues;
  while (oldest(position) < position) queues.push_back(take_first());
  return queues;
}

}  // namespace sluice::store
