#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "broker/due_messages.h"
#include "broker/timer_record.h"
#include "store/due_index.h"
#include "store/message_store.h"

/// Delivery at a time. A message that waits is a record of the topic rmq_sys_wheel_timer
/// (timer_record.h); an index on disk (store/due_index.h) says what is due when. A message that is
/// due is appended again, to its real queue, and what stays is the record it was made of.
///
/// Exactly once: what is delivered in one round is appended in one go, behind a mark (a record of
/// kTimerMarksTopic) that names the messages. A process that is killed leaves the mark and a first
/// part of the messages; restore() looks behind the last mark, delivers what is not there, and says
/// so in another mark. So the log alone says what waits: the records of the timer topic, less those
/// that recalls and newer copies name, less those that marks name. The index is made from that, and
/// made again when it cannot be used.
///
/// A time never comes early: a message is delivered when the wall clock that deliver() is handed
/// has reached it, in the order of the times. After the clock was set back, what was delivered
/// stays so, and what waits goes on waiting for its time.
///
/// Before the log drops a segment, what waits in it is appended anew (move_above). That costs each
/// message one more append in the time that the log keeps anything, and no more: see
/// docs/DURABILITY.md.
///
/// The index learns what waits by reading the topic's queue, so sending touches nothing of it.
/// Threads: stored(), recall(), list(), waiting() are for any. deliver() and next_due() are for one
/// thread; upkeep() and move_above(), which write files, are for others.
namespace sluice::broker {

inline constexpr std::string_view kTimerMarksTopic = "rmq_sys_SLUICE_TIMERS";

/// How far Apache's broker had come when it had the store (config/timercheck): what is before both
/// is delivered.
struct ApacheTimers {
  std::int64_t read_ms = 0;
  QueueOffset queued;
};

struct TimerMark;

class Timers {
 public:
  Timers(store::MessageStore& store, Topics& topics, TimerOptions options,
         wire::record::Host store_host);

  const TimerOptions& options() const { return options_; }
  /// Where messages wait.
  store::Queue& queue() { return *waiting_; }
  /// A message was appended to that queue.
  void stored(QueueOffset offset, WallTime due);
  /// Called when a message was stored that is due before the time which next_due() said, by the
  /// thread that stored it. Set once, before the first message.
  void on_sooner(std::function<void()> fn) { on_sooner_ = std::move(fn); }

  /// Before the first delivery: opens the index in `folder` and adds what the log has beyond it.
  /// Errors: io_error, those of append.
  Result<void> restore(store::Disk& disk, const std::string& folder, const ApacheTimers& apache);

  /// When deliver() has something to do; nothing while no message waits.
  std::optional<WallTime> next_due(WallTime now);
  /// Delivers what is due, up to about a megabyte. Errors: those of MessageStore::append and read;
  /// nothing is delivered then, and nothing forgotten.
  Result<Delivered> deliver(WallTime now);

  /// Reads what is new, writes the index out when it is time, merges its files. Every half second.
  /// `all`: writes it out in any case (before the end). Errors: io_error, disk_full.
  Result<void> upkeep(SteadyTime now, bool all);
  /// Whether a message may wait whose record lies below that position of the log.
  bool waits_below(LogPosition position) const;
  /// Appends anew what waits below the position, so that the log may drop it. Gives the number of
  /// bytes appended. Errors: as upkeep() and append.
  Result<std::int64_t> move_above(LogPosition position);

  enum class Recalled : std::uint8_t {
    now,
    before,     ///< it had been recalled
    delivered,  ///< too late
    busy,       ///< being delivered, or recalled by somebody else, in this moment
    unknown,    ///< this broker knows no such message
  };
  struct Recall {
    Recalled what = Recalled::unknown;
    LogPosition until;  ///< now: durable, as far as the store promises, when confirmed
  };
  /// Takes a message back. Errors: those of append and find_by_key.
  Result<Recall> recall(const RecallHandle& handle, WallTime now);

  struct Waiting {
    store::DueKey key;
    std::string topic, unique_key;
    QueueId queue;
    std::int64_t stored_ms = 0;
    std::int32_t body_bytes = 0;
  };
  struct Page {
    std::vector<Waiting> messages;
    std::optional<store::DueKey> next;  ///< where the next page starts
  };
  /// What waits, by when it is due: from `from` on, of one topic, or of all when it is empty.
  /// Bounded: looks at 10,000 records at most; the page may be short, then.
  Result<Page> list(store::DueKey from, std::string_view topic, std::size_t max) const;
  std::int64_t waiting() const { return index_ ? index_->size() : 0; }

 private:
  using Mark = TimerMark;
  struct Located {
    store::DueKey key;
    store::Slice record;
  };
  /// With work_mutex_ held.
  Result<void> follow(LogPosition below);
  Result<void> take_in(const store::IndexEntry& entry, QueueOffset offset);
  Result<void> take_in_odd(const store::IndexEntry& entry, QueueOffset offset);
  Result<void> remove_like(const wire::record::Decoded& found, std::int64_t due_ms,
                           std::string_view topic, std::string_view unique_key);
  Result<Delivered> deliver_due(WallTime now);
  Result<void> append(DueMessages::Batch& batch, Mark& mark, WallTime now);
  bool done_by_apache(QueueOffset offset, std::int64_t out_ms) const;

  Result<void> replay(const store::DueMark& from);
  Result<void> apply_mark(const store::IndexEntry& entry, bool is_last);
  /// How many of the mark's messages are in the log behind it.
  Result<std::size_t> delivered_after(const store::IndexEntry& entry, const Mark& mark) const;
  std::shared_ptr<store::DueIndex::Checkpoint> checkpoint(QueueOffset marks);
  Result<void> write_out();
  Result<void> write_out_while_replaying(QueueOffset marks);
  Result<void> rebuild();
  Result<void> merge();

  Result<std::int64_t> move_some(store::DueIndex::Walk& walk, bool& more);
  Result<LogPosition> append_copies(std::span<const store::DueEntry> entries);
  Result<std::vector<Located>> locate(const RecallHandle& handle) const;
  Result<Recall> take_back(const Located& found, const RecallHandle& handle, WallTime now);
  Result<LogPosition> append_one(store::Pending& pending);
  Result<bool> was_recalled(const RecallHandle& handle) const;

  store::MessageStore& store_;
  const TimerOptions options_;
  const wire::record::Host store_host_;
  const std::shared_ptr<store::Queue> waiting_, marks_;
  std::function<void()> on_sooner_;
  ApacheTimers apache_;
  std::unique_ptr<store::DueIndex> index_;
  std::atomic<std::int64_t> stored_{0};  ///< end of the queue, also while it is not confirmed
  std::atomic<std::int64_t> expected_;   ///< what next_due() said last, in ms

  mutable std::mutex work_mutex_;  ///< one changes the index's order at a time; guards what follows
  DueMessages due_messages_;
  std::atomic<std::int64_t> next_{0};            ///< of the waiting queue, to be read
  QueueOffset marks_end_;                        ///< marks appended so far
  std::unordered_set<std::int64_t> own_copies_;  ///< positions; the older ones are out already
  bool damaged_ = false;                         ///< the index: upkeep() makes it anew

  std::mutex upkeep_mutex_;  ///< one works on the index's files at a time; guards what follows
  SteadyTime written_{};
  bool unwritten_ = false;
};

}  // namespace sluice::broker
