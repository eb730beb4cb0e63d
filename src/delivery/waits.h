#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_map>

#include <boost/intrusive/list.hpp>

#include "base/clock.h"
#include "base/ids.h"

/// Parked reads of one reactor: each waits for its queue to grow past an offset, or for its
/// deadline.
///
/// Thread: one reactor, no locks. Memory: the Wait itself; parking allocates nothing but the head
/// of a queue's list. Invariants: (1) a parked read is released exactly once; (2) none stays parked
/// past its deadline plus one tick; (3) reads of one queue that want the same are released in the
/// order they were parked; (4) a message costs nothing to reads that want another tag.
namespace sluice::delivery {

/// A queue's identity among parked reads; unique while reads are parked.
using QueueKey = std::uint64_t;

using HookMode = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
using QueueHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<struct QueueHookTag>, HookMode>;
using TimeHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<struct TimeHookTag>, HookMode>;

/// The hash of a message's tag, as the queue's index has it.
using TagCode = std::int64_t;
/// No hash of a tag: hashes have 32 bits.
inline constexpr TagCode kAnyTag = std::numeric_limits<TagCode>::min();

/// What a door parks; derive from it to carry the request. The door owns it. Destroying it while
/// parked cancels it.
struct Wait : QueueHook, TimeHook {
  QueueKey queue = 0;
  QueueOffset offset;     ///< satisfied by a message here or later
  TagCode tag = kAnyTag;  ///< … that has this tag
  SteadyTime deadline;
};

/// Released waits, in order. A wait is in one such list or parked, never both.
using WaitList = boost::intrusive::list<Wait, boost::intrusive::base_hook<QueueHook>,
                                        boost::intrusive::constant_time_size<false>>;

class Waits {
 public:
  static constexpr milliseconds kTick{20};  ///< a deadline is met this late at most

  explicit Waits(SteadyTime now);
  ~Waits();

  /// Parks `wait`; its queue, offset and deadline are set. The caller has looked at the queue after
  /// making itself known to writers, so nothing arrives unseen.
  void park(Wait& wait);
  /// One of the queue's parked reads that want a tag: on_arrival() has to be told the new
  /// messages'.
  const Wait* tagged(QueueKey queue);
  /// Where the messages begin that the queue's parked reads have not been shown.
  QueueOffset unseen(QueueKey queue) const;
  /// The queue has grown to `end`. Moves the reads that this satisfies to `released`. `tags` are
  /// those of the messages from unseen() on; what lies behind them may have any tag. O(reads that
  /// want any tag + messages + released).
  void on_arrival(QueueKey queue, QueueOffset end, std::span<const TagCode> tags,
                  WaitList& released);
  /// Shows the queue's parked reads that want any tag, in order, until `visit` gives false. It may
  /// destroy the one it is shown, and no other.
  template <class Visit>
  void visit(QueueKey queue, Visit visit) {
    const auto found = by_queue_.find(queue);
    if (found == by_queue_.end()) return;
    WaitList& parked = found->second.any;
    for (auto at = parked.begin(); at != parked.end();) {
      Wait& wait = *at++;
      if (!visit(wait)) return;
    }
  }
  /// Moves those of the queue's reads for which `which` gives true to `released`.
  template <class Which>
  void release_if(QueueKey queue, Which which, WaitList& released) {
    const auto found = by_queue_.find(queue);
    if (found == by_queue_.end()) return;
    found->second.each([&](Wait& wait) {
      if (which(wait)) release(wait, released);
    });
  }
  /// Moves the reads whose deadline has come to `released`.
  void expire(SteadyTime now, WaitList& released);
  /// When expire() should be called next, at the latest; nothing while no read is parked. May name
  /// a time at which nothing is due yet.
  std::optional<SteadyTime> next_expiry() const;
  /// Whether the queue has parked reads (so a door can withdraw its mark).
  bool any(QueueKey queue);
  /// How many are parked; counts them.
  std::size_t size() const;

 private:
  using TimeList = boost::intrusive::list<Wait, boost::intrusive::base_hook<TimeHook>,
                                          boost::intrusive::constant_time_size<false>>;
  /// The reads of one queue.
  struct Queue {
    WaitList any;
    std::unordered_map<TagCode, WaitList> by_tag;
    QueueOffset seen;  ///< those in by_tag have been shown the messages before this one

    bool any_tagged();
    bool empty() { return any.empty() && !any_tagged(); }
    /// `visit` may take the wait out.
    template <class Visit>
    void each(Visit visit) {
      each_of(any, visit);
      for (auto& [tag, waits] : by_tag) each_of(waits, visit);
    }
    template <class Visit>
    static void each_of(WaitList& waits, Visit& visit) {
      for (auto at = waits.begin(); at != waits.end();) visit(*at++);
    }
  };
  static void release(Wait& wait, WaitList& released);
  static void release_past(WaitList& parked, QueueOffset end, WaitList& released);
  void forget_empty_queues(std::int64_t now_tick);

  static constexpr std::size_t kSlots = 2048;  ///< × kTick = 41 s; later deadlines go round again

  std::unordered_map<QueueKey, Queue> by_queue_;
  std::array<TimeList, kSlots> wheel_;
  std::int64_t tick_;  ///< the last tick that expire() has served
  /// No parked read is due before this tick; next_expiry() moves it on, so that it looks at each
  /// slot once and not at each call.
  mutable std::int64_t earliest_;
};

}  // namespace sluice::delivery
