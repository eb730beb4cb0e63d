#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/commit_log.h"
#include "store/merge.h"
#include "store/queue_registry.h"

namespace sluice::store {

/// Keeps the newest message of each key of some topics' queues beside the log, which then may drop
/// its files. A queue is compacted again when it has grown by half since, at most so often; at once
/// when the log waits for it. Readers get what is compacted below Compacted::upto(), and the log's
/// messages from there on; offsets stay what they were. Any thread.
class Compactor {
 public:
  Compactor(Disk& disk, Clock& clock, const StoreOptions& options, QueueRegistry& queues,
            CommitLog& log)
      : disk_(disk), clock_(clock), options_(options), queues_(queues), log_(log) {}

  /// After recovery, before anybody reads. Errors: corrupt, io_error.
  Result<void> start();

  /// From now on this topic's queues are compacted.
  void watch(std::string_view topic);
  /// The topic goes, and with it its files. Waits for a step that is under way.
  Result<void> forget(const std::string& topic);

  /// About so many bytes of work. True: more waits. Failures are logged and tried again. One thread
  /// at a time does the work, another call meanwhile waits.
  bool step(std::int64_t bytes);
  /// Whether all that the topics' queues have below `position` is compacted. If not, that is done
  /// next.
  bool covers(LogPosition position);

  /// A record at a position for which is_compacted() is true. Errors: not_found (it was compacted
  /// again since).
  Result<Slice> read(LogPosition position, std::int64_t size) const;
  Result<Slice> read_record(LogPosition position) const;

 private:
  using Name = std::pair<std::string, std::int32_t>;
  Result<void> open(const std::string& topic, QueueId id);
  std::string folder_of(const std::string& topic, QueueId id) const;
  void publish(LogQueue& queue, std::shared_ptr<const Compacted> made);
  std::uint32_t next_id();
  std::vector<std::shared_ptr<LogQueue>> watched() const;
  Result<bool> covers(const LogQueue& queue, LogPosition position) const;
  bool is_due(const LogQueue& queue, SteadyTime now);
  std::shared_ptr<LogQueue> pick();
  Result<void> finish(Merge& merge);

  Disk& disk_;
  Clock& clock_;
  const StoreOptions& options_;
  QueueRegistry& queues_;
  CommitLog& log_;

  mutable std::mutex topics_mutex_;  ///< guards topics_
  std::set<std::string, std::less<>> topics_;
  /// The log waits until all below is compacted; 0: it does not wait.
  std::atomic<std::int64_t> wanted_{0};

  std::mutex work_;  ///< guards merge_, last_ and failed_last_
  std::unique_ptr<Merge> merge_;
  std::map<Name, SteadyTime> last_;  ///< when a queue was compacted or tried last
  bool failed_last_ = false;

  mutable std::shared_mutex open_mutex_;  ///< guards open_ and last_id_
  std::map<std::uint32_t, std::shared_ptr<const Compacted>> open_;
  std::uint32_t last_id_ = 0;
};

}  // namespace sluice::store
