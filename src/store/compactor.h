#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/commit_log.h"
#include "store/kept_files.h"
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
            CommitLog& log, KeptFiles& files)
      : disk_(disk), clock_(clock), options_(options), queues_(queues), log_(log), files_(files) {}

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

 private:
  using Name = std::pair<std::string, std::int32_t>;
  Result<void> open(const std::string& topic, QueueId id);
  std::string folder_of(const std::string& topic, QueueId id) const;
  void publish(LogQueue& queue, const std::shared_ptr<const Compacted>& made);
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
  KeptFiles& files_;

  mutable std::mutex topics_mutex_;  ///< guards topics_
  std::set<std::string, std::less<>> topics_;
  /// The log waits until all below is compacted; 0: it does not wait.
  std::atomic<std::int64_t> wanted_{0};

  std::mutex work_;  ///< guards merge_, last_ and failed_last_
  std::unique_ptr<Merge> merge_;
  std::map<Name, SteadyTime> last_;  ///< when a queue was compacted or tried last
  bool failed_last_ = false;
};

}  // namespace sluice::store
