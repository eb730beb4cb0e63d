#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>

#include "base/clock.h"
#include "store/log_tail.h"
#include "store/segment.h"

namespace sluice::store {

/// The log: appends through the tail and group writes, flushes, and tells how far each has come.
/// Any thread.
///
/// Mutexes in the order they are taken: flush, write, tail. Whoever holds the write mutex writes
/// for all who have a place by then; whoever comes to it later and finds its bytes written has
/// nothing to do.
class CommitLog {
 public:
  CommitLog(SegmentSet& segments, Clock& clock, const StoreOptions& options);

  /// After recovery: everything below `end` is written and flushed.
  void start(std::int64_t end, std::int64_t store_ms);
  void on_confirmed(ConfirmedFn fn) { confirmed_fn_ = std::move(fn); }

  Result<LogPosition> append(std::span<Pending> batch);
  /// Writes what has a place already and takes nothing more.
  Result<void> close();
  /// Whether appends are refused because a write found the disk full, and the way on from there:
  /// what that write left behind the end is removed, and appends are taken again.
  bool paused() const { return tail_.paused(); }
  Result<void> resume();
  /// What is written is on stable storage, and with sync_flush confirmed.
  Result<void> flush();
  Result<void> flush_health() const { return flush_failed_ ? tail_.health() : Result<void>(); }
  bool flush_waiting();
  void stop_flushing();

  struct Place {
    std::shared_ptr<const Segment> segment;
    Bytes bytes;
  };
  /// Where bytes are, which may not be in memory.
  Result<Place> locate(LogPosition position, std::int32_t size) const;
  Result<Slice> read(LogPosition position, std::int32_t size) const;
  Result<Slice> read_record(LogPosition position) const;

  LogPosition end() const { return LogPosition(tail_.end()); }
  LogPosition flushed() const { return LogPosition(flushed_.load()); }
  LogPosition confirmed() const { return LogPosition(confirmed_.load()); }
  std::int64_t flushed_store_ms() const { return flushed_store_ms_.load(); }

  LogTail& tail() { return tail_; }
  const LogTail& tail() const { return tail_; }
  /// Makes the segment after the one being written, when that is half full.
  Result<void> prepare_segment();

 private:
  bool is_written(std::int64_t end) const;
  Result<void> write_until(const LogTail::Outcome& placed);
  Result<void> check_survived(const LogTail::Outcome& placed) const;
  Result<void> append_large(std::span<Pending> batch, std::int64_t& end);
  Result<void> write_group();
  Result<void> write_runs();
  void keep_failure(const Error& why);
  void hand_over_group();
  void publish(std::int64_t end, std::span<const Publication> queues);
  void after_write();
  Result<void> flush_written();
  Result<void> check_range(LogPosition position, std::int64_t size) const;

  SegmentSet& segments_;
  Clock& clock_;
  const bool sync_flush_;
  LogTail tail_;
  ConfirmedFn confirmed_fn_;

  std::mutex flush_mutex_;  ///< guards flushing_
  std::vector<Publication> flushing_;

  std::mutex write_mutex_;  ///< guards group_, unflushed_, written_store_ms_ and writes to the log
  Group group_;
  std::vector<Publication> unflushed_;  ///< written, published by the next flush (sync_flush)
  std::int64_t written_store_ms_ = 0;

  std::atomic<std::int64_t> written_{0};
  std::atomic<std::int64_t> readable_{0};  ///< becomes confirmed_, but before queues show it
  std::atomic<std::int64_t> confirmed_{0};
  std::atomic<std::int64_t> flushed_{0};
  std::atomic<std::int64_t> flushed_store_ms_{0};

  std::atomic<bool> flush_failed_{
      false};  ///< nothing is known of earlier writes: never flush again

  std::mutex wake_mutex_;  ///< guards stopping_
  std::condition_variable wake_;
  bool stopping_ = false;
};

}  // namespace sluice::store
