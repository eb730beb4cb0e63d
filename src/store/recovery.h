#pragma once

#include <cstdint>
#include <optional>

#include "store/checkpoint.h"
#include "store/log_tail.h"
#include "store/queue_registry.h"

namespace sluice::store {

/// What a start found.
struct Recovered {
  bool clean = false;              ///< the store was closed
  bool own_checkpoint = false;     ///< or else Apache's files had to do
  bool queue_table = false;        ///< or else every queue's files were looked at
  bool table_written = false;      ///< as of scanned_from
  std::int64_t indexes_below = 0;  ///< the index files have the entries of all records below
  std::int64_t scanned_from = 0;
  std::int64_t end = 0;  ///< of the log: the first byte that is not part of a record
  std::int64_t records = 0;
  std::int64_t store_ms = 0;  ///< of the last record
  ApacheCheckpoint apache;
  std::string cut_because;  ///< what lay at `end`, when it was neither nothing nor zeros
};

/// Finds the end of the log and completes the queue indexes, at start. Reads the log from the
/// checkpoint on, restores entries that are missing, cuts at the first record that is not whole,
/// and cuts the indexes accordingly. Done again after a crash in the middle of it, it comes to the
/// same.
///
/// Below the checkpoint's flushed position there can be no torn write: damage there is an error
/// (corrupt). Source for stores that Apache wrote: apache/rocketmq store/CommitLog.java
/// (recoverNormally, recoverAbnormally).
class Recovery {
 public:
  Recovery(Disk& disk, const StoreOptions& options, SegmentSet& segments, QueueRegistry& queues,
           LogTail& tail)
      : disk_(disk), options_(options), segments_(segments), queues_(queues), tail_(tail) {}

  Result<Recovered> run();

 private:
  Result<bool> adopt_table();
  Result<void> load_queues();
  Result<void> write_table();
  Result<std::int64_t> find_start();
  std::int64_t start_by_times(const ApacheCheckpoint& times) const;
  Result<std::int64_t> start_by_indexes() const;
  Result<void> cut_indexes(std::int64_t position);
  Result<void> scan_from(std::int64_t position);
  bool pass_over_damage(std::int64_t& position);
  Result<void> restore(const wire::record::Decoded& found);
  Result<void> restore_entry(std::string_view topic, QueueId id, QueueOffset at,
                             const IndexEntry& entry);
  Result<void> write_restored();
  Result<void> finish();

  Disk& disk_;
  const StoreOptions& options_;
  SegmentSet& segments_;
  QueueRegistry& queues_;
  LogTail& tail_;
  std::optional<Checkpoint> checkpoint_;
  std::int64_t restored_ = 0;
  bool found_zeros_ = false;  ///< the log ends in zeros, as one does that nothing was torn off
  Recovered report_;
};

}  // namespace sluice::store
