#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/commit_log.h"
#include "store/compacted.h"
#include "store/log_queue.h"

namespace sluice::store {

/// One more part of what is kept behind the log of a queue: its messages from where the last part
/// ends, up to a position that the log is about to drop. A few messages make a small part; so the
/// parts before, where they are no larger than what is new, are taken into it, and a queue comes to
/// have few parts however often the log drops a file. One thread.
class PartCopy {
 public:
  /// `folder`: of the queue's parts. Errors: those of the disk.
  static Result<std::unique_ptr<PartCopy>> start(Disk& disk, const CommitLog& log,
                                                 std::shared_ptr<LogQueue> queue,
                                                 const std::string& folder, LogPosition below,
                                                 std::int64_t part_bytes);

  /// Removes what it has written, but for a part that keep() was said of.
  ~PartCopy();
  PartCopy(const PartCopy&) = delete;
  PartCopy& operator=(const PartCopy&) = delete;

  LogQueue& queue() { return *queue_; }
  /// Of the new part; empty when nothing was left to copy.
  const std::string& folder() const { return folder_; }
  void keep() { kept_ = true; }
  /// The parts that are in it now.
  std::span<const Kept::Part> taken_in() const { return std::span(before_).subspan(first_taken_); }
  /// Messages that could not be read, and so are in no part.
  std::int64_t lost() const { return lost_; }

  /// Does about `budget` bytes of it, and takes them off. True: it is done, on stable storage.
  /// Errors: those of the disk; the copy is then of no use any more, and nothing was changed.
  Result<bool> step(std::int64_t& budget);

 private:
  PartCopy(Disk& disk, const CommitLog& log, std::shared_ptr<LogQueue> queue,
           std::int64_t part_bytes);
  enum class Phase : std::uint8_t { measuring, taking, adding, done };
  Result<void> measure(std::int64_t& budget);
  Result<void> begin_writing();
  Result<void> start_writer();
  Result<void> take(std::int64_t& budget);
  Result<void> add(std::int64_t& budget);
  Result<void> add(QueueOffset offset, const IndexEntry& entry);
  Result<std::size_t> read_entries();

  Disk& disk_;
  const CommitLog& log_;
  const std::shared_ptr<LogQueue> queue_;
  const std::int64_t part_bytes_;
  std::vector<Kept::Part> before_;
  std::string queue_folder_, folder_;
  QueueOffset begin_, end_, at_;
  std::int64_t new_bytes_ = 0, lost_ = 0;
  std::size_t first_taken_ = 0, part_ = 0;
  std::int64_t row_ = 0;
  Phase phase_ = Phase::measuring;
  bool kept_ = false;
  std::unique_ptr<CompactedWriter> writer_;
  std::array<IndexEntry, 256> entries_;
};

}  // namespace sluice::store
