#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/checkpoint.h"
#include "store/disk.h"
#include "store/index_files.h"
#include "store/queue_registry.h"
#include "store/segment.h"

/// Looking at a store that no broker runs on, Apache's or ours: what is in it, and whether all of
/// it is well. Reads only.
namespace sluice::store {

/// The files of a store, held by its lock.
struct OfflineStore {
  /// Errors: not_found (no store there), in_use (a broker runs on it), corrupt (a file of the log
  /// is missing or cut short), io_error.
  static Result<std::unique_ptr<OfflineStore>> open(Disk& disk, const std::string& root);
  OfflineStore(Disk& disk, const std::string& root, std::int64_t segment_bytes,
               std::int64_t index_file_bytes);

  Disk& disk;
  const std::string root;
  std::unique_ptr<File> lock;
  SegmentSet log;
  IndexFiles index_files;
  QueueRegistry queues;
  std::optional<Checkpoint> checkpoint;  ///< ours, if no other broker has worked on it since
  bool closed = false;                   ///< the broker was stopped, not killed
};

/// Bytes of the log that are no whole records, with such behind them.
struct LogDamage {
  std::string file;  ///< in which it begins
  std::int64_t from = 0, to = 0;
  std::string problem;
};

/// Where a queue's index and the log do not agree.
struct IndexDamage {
  std::string topic;
  QueueId queue;
  QueueOffset offset;  ///< the first of them
  std::int64_t count = 0;
  std::string problem;  ///< of the first
};

/// What of the log is a topic's.
struct TopicShare {
  std::string topic;
  std::int64_t records = 0, bytes = 0;
};

struct StoreReport {
  std::int64_t first = 0, end = 0;  ///< of the log
  std::int64_t segments = 0, records = 0;
  std::int64_t first_ms = 0, last_ms = 0;  ///< store times
  std::int64_t queues = 0, messages = 0;   ///< in the queues' indexes
  std::int64_t unindexed = 0;              ///< records that a start will add to the indexes
  std::string tail;  ///< what lies at the end, when it is not zeros: a start cuts it off
  std::vector<TopicShare> topics;  ///< the largest first; known to verify() alone
  std::vector<LogDamage> log_damage;
  std::vector<IndexDamage> index_damage;
  std::vector<std::string> other;  ///< anything else that is not well, as sentences

  bool good() const { return log_damage.empty() && index_damage.empty() && other.empty(); }
};

/// Called now and then with how far of how many bytes the check is.
using CheckProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Without a look at the records: bounds, times, counts. Errors: io_error.
Result<StoreReport> survey(OfflineStore& store);

/// Every record by its CRC, every entry of the queues' indexes against its record, and what
/// compaction has kept. Errors: io_error.
Result<StoreReport> verify(OfflineStore& store, const CheckProgress& progress);

}  // namespace sluice::store
