#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/commit_log.h"
#include "store/key_index.h"
#include "store/recovery.h"

namespace sluice::store {

/// Keeps the key index in step with the log, behind it and in batches: appends know nothing of it.
/// A record's keys are its UNIQ_KEY and the words of its KEYS, under the topic it is stored with;
/// rolled-back transaction messages have none.
///
/// The index is made durable every few seconds. A start goes on from there, so after a crash
/// the last seconds of the log are gone through again, over what was added then. When the disk is
/// full, the index is opened anew after a while and goes on. After an I/O error it stays as it is
/// until the next start, which writes the same again, and the log takes no more appends.
class KeyBuilder {
 public:
  KeyBuilder(Disk& disk, Clock& clock, const StoreOptions& options, const SegmentSet& segments,
             CommitLog& log)
      : clock_(clock),
        segments_(segments),
        log_(log),
        index_(disk, clock, options.root, options.keys) {}

  /// After recovery of the log.
  Result<void> start(const Recovered& recovered);

  /// Goes through what was confirmed since, up to a limit; flushes when that is due. True: more
  /// waits. One thread at a time does the work, another call meanwhile waits.
  bool step();
  /// Removes files whose records the log has dropped.
  void drop_old();
  /// Makes the index durable: before the end.
  Result<void> close();

  const KeyIndex& index() const { return index_; }

 private:
  Result<void> load(const KeyIndex::Found& found);
  Result<std::int64_t> position_after(std::int64_t record) const;
  Result<void> reload();
  void note_failure(const Error& why);
  Result<bool> advance();
  std::optional<std::int64_t> take_record(Bytes rest);
  void take_keys(const wire::record::Decoded& record);
  Result<void> flush_if_due();

  Clock& clock_;
  const SegmentSet& segments_;
  CommitLog& log_;
  KeyIndex index_;
  std::mutex mutex_;             ///< guards what follows, and changes of the index
  std::int64_t position_ = 0;    ///< the log below was gone through
  std::vector<HashedKey> keys_;  ///< of one batch
  std::string text_;             ///< the key being hashed
  SteadyTime last_flush_{};
  bool failed_ = false;           ///< to be opened anew
  std::optional<Error> failure_;  ///< for good
};

}  // namespace sluice::store
