#pragma once

#include <memory>
#include <optional>
#include <string>

#include "store/commit_log.h"
#include "store/compacted.h"
#include "store/log_queue.h"
#include "store/newest_keys.h"

namespace sluice::store {

/// One compaction of a queue: what was compacted before and the messages since become what is
/// compacted now. Of each key the newest message stays, unless its body is empty: that is how a key
/// is deleted. Messages without a key, which the broker takes none of, go. Looks at each message
/// since twice, and has the keys of these in memory: as many as fit; a later merge takes the rest.
/// Only what is on stable storage is taken, so that a power cut takes back nothing that was
/// compacted. One thread.
class Merge {
 public:
  Merge(Disk& disk, const CommitLog& log, std::shared_ptr<LogQueue> queue, std::string folder,
        std::int64_t keys_bytes);

  LogQueue& queue() { return *queue_; }
  const std::string& folder() const { return folder_; }
  /// Does about so many bytes of it. True: it is done, and the files are replaced; Errors: those of
  /// the disk; the merge is then of no use any more, and nothing was changed.
  Result<bool> step(std::int64_t bytes);

 private:
  enum class Phase : std::uint8_t { noting, keeping, adding, done };
  Result<void> note();
  Result<void> keep();
  Result<void> add();
  Result<std::size_t> read_entries();
  std::optional<wire::record::Decoded> record_of(const IndexEntry& entry, Slice& slice) const;
  Result<void> begin_writing();

  Disk& disk_;
  const CommitLog& log_;
  const std::shared_ptr<LogQueue> queue_;
  const std::string folder_;
  const std::shared_ptr<const Compacted> before_;
  NewestKeys keys_;
  QueueOffset begin_, end_, at_;
  const LogPosition flushed_;
  std::int64_t row_ = 0;
  Phase phase_ = Phase::noting;
  std::int64_t budget_ = 0;
  std::unique_ptr<CompactedWriter> writer_;
  std::array<IndexEntry, 64> entries_;
};

}  // namespace sluice::store
