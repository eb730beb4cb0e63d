#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/delay_levels.h"
#include "broker/due_messages.h"
#include "broker/topics.h"
#include "store/message_store.h"

/// Delivery by delay level. A message that waits is a record of the topic SCHEDULE_TOPIC_XXXX, in
/// the queue of its level; REAL_TOPIC and REAL_QID say where it goes, and its queue's index keeps
/// the time at which it is due (store time plus the level's delay, in ms) in place of the tag's
/// hash. A message that is due is appended again, to its real queue; what stays is the record it
/// was made of, until the log drops it. Layout source: apache/rocketmq broker/schedule.
///
/// Each level has one delay, so its queue is in the order in which messages are due, and its
/// progress is one offset: everything before it is delivered. Progress moves in memory when the
/// append has succeeded. What is written to config/delayOffset.json is the progress whose
/// deliveries are on stable storage: the file never says "delivered" of a message that a power cut
/// can take back.
///
/// The file is therefore a little behind. A delivered record names the record it was made of (in
/// the field in which a committed transaction names its half message), so restore() looks at the
/// newest records of the real queues and moves the progress past what was delivered before the
/// crash: after kill -9 nothing comes twice, nothing is lost, and nothing is early.
///
/// Exceptions: a message whose due time is more than a minute further away than its level's delay
/// was stored by a clock that went back, or before its level was made shorter: it is due at once. A
/// message whose real topic does not exist (it was removed, or a crash was faster than topics.json)
/// makes it again; one whose record is damaged is skipped and counted. A level that
/// `messageDelayLevel` no longer has is still served.
namespace sluice::broker {

inline constexpr std::string_view kScheduleTopic = "SCHEDULE_TOPIC_XXXX";

/// What StoreOptions::tags_code_of must be for a broker with these levels and this precision of
/// timed messages (TimerOptions).
std::function<std::int64_t(const wire::record::Decoded&)> index_code(
    DelayLevels levels, milliseconds timer_precision = milliseconds(1000));

/// One thread delivers and asks next_due(), the same that restores; everything else is for any
/// thread.
class Schedule {
 public:
  Schedule(store::MessageStore& store, Topics& topics, DelayLevels levels,
           wire::record::Host store_host);

  const DelayLevels& levels() const { return levels_; }
  /// Where a message of that level waits (1 … levels().count()).
  store::Queue& queue(int level) { return *waiting_[static_cast<std::size_t>(level) - 1]->queue; }
  /// A message was appended to a level's queue; it is due at `due` or a moment later.
  void stored(int level, QueueOffset offset, WallTime due);
  /// Whether the message of that level was delivered. Any thread.
  bool delivered(int level, QueueOffset offset) const;
  /// Called when a message was stored that is due before the time which next_due() said, by the
  /// thread that stored it. Set once, before the first message.
  void on_sooner(std::function<void()> fn) { on_sooner_ = std::move(fn); }

  /// When deliver() has something to do; nothing while no message waits.
  std::optional<WallTime> next_due(WallTime now);

  using Delivered = broker::Delivered;
  /// Delivers what is due, up to about a megabyte. Errors: those of MessageStore::append and read;
  /// nothing is delivered then, and nothing forgotten.
  Result<Delivered> deliver(WallTime now);

  /// The first offset not yet delivered, by level.
  using Offsets = std::map<int, std::int64_t>;
  struct Snapshot {
    Offsets offsets;
    DataVersion version;
  };
  /// What may be written down now.
  Snapshot snapshot();
  /// Before the first delivery. `now` is the time up to which messages can have been delivered.
  Result<void> restore(const Snapshot& snapshot, WallTime now);

 private:
  struct Progress {
    LogPosition until;
    QueueOffset next;
  };
  struct Level {
    int number = 0;
    std::shared_ptr<store::Queue> queue;
    std::atomic<std::int64_t> next{0};    // first offset not delivered
    std::atomic<std::int64_t> stored{0};  // end of the queue, also while it is not confirmed
    std::deque<Progress> unflushed;       // guarded by mutex_, oldest first
    QueueOffset durable;                  // guarded by mutex_
  };
  struct Batch;
  /// Where a level's due records go, to find out which of them are there already.
  struct Candidates {
    std::unordered_map<std::int64_t, QueueOffset> by_position;
    std::int64_t earliest_ms = 0;
  };

  WallTime due(const Level& level, const store::IndexEntry& entry, WallTime now) const;
  std::optional<WallTime> head_due(const Level& level, WallTime now) const;
  QueueOffset first(const Level& level) const;
  Result<void> gather(Level& level, WallTime now, Batch& batch);
  void advance(const Batch& batch, WallTime now);
  Result<void> skip_delivered(Level& level, WallTime now);
  Result<QueueOffset> last_delivered(const store::Queue& queue, const Candidates& candidates) const;

  store::MessageStore& store_;
  const DelayLevels levels_;
  DueMessages due_messages_;
  std::vector<std::unique_ptr<Level>> waiting_;  // by level - 1
  std::function<void()> on_sooner_;
  /// What next_due() said last, in ms. stored() compares: a message stored before next_due() looks
  /// is seen by it, one stored later finds what it said.
  std::atomic<std::int64_t> expected_;
  std::mutex mutex_;
  DataVersion version_;  // guarded by mutex_
};

}  // namespace sluice::broker
