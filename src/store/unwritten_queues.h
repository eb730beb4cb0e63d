#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "store/log_tail.h"

namespace sluice::store {

/// The queues that have entries in no file, so that the maintenance finds the oldest of these
/// without a look at each queue. One thread at a time.
class UnwrittenQueues {
 public:
  explicit UnwrittenQueues(LogTail& tail) : tail_(tail) {}

  /// A queue that is in already is left alone; one without such entries is let go. What lies below
  /// `flushed` is not taken back.
  void add(std::shared_ptr<LogQueue> queue, LogPosition flushed);
  std::size_t count() const { return heap_.size(); }
  /// How many entries the queues have in memory alone.
  std::int64_t entries() const;
  /// Where the oldest entry's record lies, or `flushed` when that is further ahead or none is left.
  LogPosition oldest(LogPosition flushed);

  std::vector<std::shared_ptr<LogQueue>> take_all();
  /// Those with an entry of a record below `position`, which is flushed.
  std::vector<std::shared_ptr<LogQueue>> take_older(LogPosition position);

 private:
  struct Row {
    std::shared_ptr<LogQueue> queue;
    LogPosition oldest;  ///< when it was last looked at: it lies there or further on
  };
  static bool later(const Row& a, const Row& b) { return a.oldest > b.oldest; }
  std::shared_ptr<LogQueue> take_first();

  LogTail& tail_;
  std::vector<Row> heap_;  ///< the oldest first
};

}  // namespace sluice::store
