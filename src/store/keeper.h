#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/kept_files.h"
#include "store/part_copy.h"
#include "store/queue_registry.h"

namespace sluice::store {

/// Keeps some topics' messages for longer than the log does, which all topics share and which drops
/// whole files: before a file goes, what it has of these topics is copied to parts beside it,
///
///   <root>/sluice.kept/TOPIC/QUEUE/<upto>/   as compacted.h says; one table, one records file
///
/// and a part goes when its newest message has expired, or when the topic has more than its share.
/// Readers find the messages at their offsets. A part that takes in the ones before it replaces
/// them when it is whole; a start tells by their offsets which are replaced. Any thread.
class Keeper {
 public:
  Keeper(Disk& disk, Clock& clock, const StoreOptions& options, QueueRegistry& queues,
         CommitLog& log, KeptFiles& files)
      : disk_(disk), clock_(clock), options_(options), queues_(queues), log_(log), files_(files) {}

  /// After recovery, before anybody reads. Errors: corrupt, io_error.
  Result<void> start();

  /// From now on the topic is kept by this rule; without one, by the log's. The parts of topics of
  /// which nothing was said stay.
  void watch(std::string_view topic, std::optional<TopicRetention> rule);
  /// The topic goes, and with it its parts. Waits for a part that is being copied.
  Result<void> forget(const std::string& topic);
  /// Queues whose messages expire by their own time, with that time.
  std::vector<std::pair<std::shared_ptr<LogQueue>, milliseconds>> timed() const;

  /// About so many bytes of what the log waits for. True: more waits. Failures are logged and tried
  /// again; where the disk has no room for a copy, a part makes some (see give_up()), and when
  /// there is none left, the log no longer waits.
  bool step(std::int64_t bytes);
  /// Whether the log may drop everything below `position`. If not, that is copied next, and what
  /// will be wanted soon, up to `ahead`.
  bool covers(LogPosition position, LogPosition ahead);
  /// Removes parts by the rules. Failures are logged.
  void expire();
  /// Whatever the rules say, for the disk's sake: the topic with the most beside the log gives its
  /// oldest part. Its bytes; 0: there is none.
  Result<std::int64_t> give_up();
  /// A log that has waited for long waits no longer.
  void lose_patience();

 private:
  using Rules = std::map<std::string, std::optional<TopicRetention>, std::less<>>;
  struct Oldest {
    std::shared_ptr<LogQueue> queue;
    WallTime newest;  ///< message of its first part
  };
  struct Task {
    std::shared_ptr<LogQueue> queue;
    std::int64_t part_bytes;
  };
  /// Of queues that compaction works on: none.
  static std::vector<Kept::Part> parts_of(const LogQueue& queue);
  Result<void> open(const std::string& topic, QueueId id);
  std::string folder_of(const LogQueue& queue) const;
  void publish(LogQueue& queue, std::vector<Kept::Part> parts);
  Rules rules() const;
  Result<bool> covers(const LogQueue& queue, LogPosition position) const;
  Result<std::vector<Task>> uncovered(LogPosition wanted) const;
  Result<bool> start_copy();
  bool step_once(std::int64_t& bytes);
  Result<void> finish(PartCopy& copy);
  void failed(const Error& why);
  void stop_waiting(std::string_view why);
  enum class Why : std::uint8_t { expired, unwanted };
  Result<void> drop_first(LogQueue& queue, Why why);
  Result<void> remove(const LogQueue& queue, const Compacted& part);
  Result<std::int64_t> drop_of_largest();
  std::optional<Oldest> oldest_of(const std::string& topic) const;
  Result<void> expire(const std::string& topic, const std::optional<TopicRetention>& rule);
  std::int64_t bytes_of(const std::string& topic) const;

  Disk& disk_;
  Clock& clock_;
  const StoreOptions& options_;
  QueueRegistry& queues_;
  CommitLog& log_;
  KeptFiles& files_;

  mutable std::mutex rules_mutex_;  ///< guards rules_
  Rules rules_;
  /// The log waits until all below waits_for_ is copied; 0: it does not wait.
  std::atomic<std::int64_t> waits_for_{0}, wanted_{0};
  std::atomic<SteadyTime> waits_since_{};
  std::atomic<std::int64_t> given_up_{0};  ///< what lies below may go without

  std::mutex work_;  ///< guards what follows, and which parts there are
  std::unique_ptr<PartCopy> copy_;
  std::vector<Task> tasks_;        ///< what is copied next, from the end
  SteadyTime again_{};             ///< not before, after a failure
  std::set<std::string> topics_;   ///< that may have parts
  std::set<std::string> unruled_;  ///< of these, of which nobody has said how long
};

}  // namespace sluice::store
