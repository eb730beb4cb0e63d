#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "delivery/dispatch/matrix.h"
#include "delivery/dispatch/queue_view.h"
#include "delivery/dispatch/retry_policy.h"
#include "delivery/lease_queue.h"

/// One progress through a queue, with what dispatch has to know of each message that is not
/// finished: who holds it, and which later messages have to wait for it.
///
/// A message is *held* by a member, *resting* after a failure, *dead* until it is buried, or
/// *ready*. Messages of one order (a key's slot, or the whole queue) that are not held are
/// *waiting*: later ones of the same order stay behind them.
namespace sluice::delivery {

/// To whom a message is handed, and how long.
struct Grant {
  MemberId member = kNobody;
  WallTime now;
  WallTime deadline;
  std::uint64_t attempt = 0;  ///< what a pop that may ask again calls itself; 0: nothing
};

/// How a member names a message it was given. Without a stamp the member's own hold counts.
struct Receipt {
  MemberId member = kNobody;
  QueueOffset offset;
  std::optional<WallTime> stamp;
};

class Outstanding {
 public:
  using Outcome = LeaseQueue::Outcome;

  struct Terms {
    Order order = Order::none;
    bool one_batch = false;
    bool believe_late =
        true;  ///< an ack after the deadline counts while nobody else has the message
    RetryPolicy retry;
    std::size_t unfinished_max = 0;
    std::size_t passed_over_max = 0;
    milliseconds bury_within{0};  ///< a dead message that is not buried by then is told again
  };
  Outstanding(LeaseQueue queue, Terms terms);

  struct Item {
    std::uint32_t slot = 0;
    std::int32_t attempts = 0;
    MemberId member = kNobody;
    bool leased = false;
    WallTime stamp;
    WallTime deadline;
    std::uint64_t attempt = 0;
    /// For the next lease: later than the latest stamp of the message, so that an old receipt is
    /// never taken for a new one, even within one millisecond.
    WallTime stamp_after(WallTime now) const { return std::max(now, stamp + milliseconds(1)); }
    bool dead() const { return member == kUndertaker; }
    bool early() const { return member == kCalendar; }
    bool held() const { return leased && member != kNobody && !dead() && !early(); }
  };

  const Terms& terms() const { return terms_; }
  const LeaseQueue& queue() const { return queue_; }
  QueueOffset next() const { return queue_.next() + static_cast<std::int64_t>(run_.size()); }
  std::size_t unfinished() const { return items_.size(); }
  std::size_t held(MemberId member) const;
  /// Ascending by offset.
  const std::map<std::int64_t, Item>& items() const { return items_; }
  std::optional<WallTime> next_deadline() const;

  /// Ready, or about to be with flush().
  std::size_t ready() const { return ready_; }

  /// The slot of messages that have no order.
  static constexpr std::uint32_t kUnordered = 0xffff'ffff;
  /// Messages that are handed out from here on count as one batch.
  void begin_batch() { ++batch_; }
  /// Whether order allows that the member gets the message.
  bool may_go(std::uint32_t slot, QueueOffset offset, MemberId member) const;

  /// The message at next(): handed out, left for later, or finished. Takes effect on the queue with
  /// flush(), which has to be called before anything but next(), may_go() and held().
  WallTime hand_first(std::uint32_t slot, const Grant& grant);
  void leave_first(std::uint32_t slot);
  void rest_first(std::uint32_t slot, WallTime until, WallTime now);
  void finish_first();
  void flush();
  /// All messages from next() on and before `offset` are finished. Flushes.
  void skip_to(QueueOffset offset);

  /// A ready message. Gives the new stamp.
  WallTime hand_again(QueueOffset offset, const Grant& grant);
  /// A ready message, or a dead one, is finished.
  void finish(QueueOffset offset);
  /// Whether a ready message has used up its attempts, or was rejected.
  bool is_lost(const Ready& ready) const;
  /// ... and goes to the undertaker.
  void give_up(QueueOffset offset, WallTime now);

  Outcome acknowledge(const Receipt& receipt);
  /// Everything up to `offset`, whoever holds it. unknown: that far nothing was handed out.
  Outcome acknowledge_to(QueueOffset offset);
  /// Ends a hold: the message rests until `until`, and is ready then.
  Outcome give_back(const Receipt& receipt, WallTime until, WallTime now);
  /// Moves the deadline, and the message to the grant's member when it names one; gives the new
  /// stamp.
  std::expected<WallTime, Outcome> extend(const Receipt& receipt, const Grant& grant);
  /// A held message is dead by its holder's word.
  Outcome reject(const Receipt& receipt, WallTime now);
  /// A dead message was dealt with.
  Outcome bury(QueueOffset offset);
  /// The attempts that a held message had before; nothing when the receipt is not good.
  std::optional<std::int32_t> attempts(const Receipt& receipt) const;

  /// Takes from the member what it holds. `counted`: whether the hold counts as an attempt. Gives
  /// how many messages.
  enum class Which : std::uint8_t { all, untimed };
  template <class Counted>
  std::size_t take_back(MemberId member, Which which, Counted counted);
  /// Nothing is handed out before: the whole queue rests after a failure.
  void rest_until(WallTime until) { rests_until_ = std::max(rests_until_, until); }
  WallTime rests_until() const { return rests_until_; }
  /// Holds and rests that have ended.
  void expire(WallTime now);

  /// After a restart: puts what the queue said of itself in order. `slot_of` gives the slot of an
  /// offset.
  template <class SlotOf>
  void adopt(SlotOf slot_of);

 private:
  using Items = std::map<std::int64_t, Item>;
  struct Slot {
    MemberId holder = kNobody;
    std::uint32_t out = 0;    ///< messages it holds
    std::uint64_t batch = 0;  ///< of the latest of them
    std::set<std::int64_t> waiting;
  };
  std::expected<Items::iterator, Outcome> held_by(const Receipt& receipt);
  bool has_order(std::uint32_t slot) const {
    return terms_.order != Order::none && slot != kUnordered;
  }
  bool fits(const Items::value_type& at, const Receipt& receipt) const;
  std::vector<std::int64_t> held_offsets(MemberId member, Which which) const;
  void put_back(std::int64_t offset, bool counted);
  /// An item changes only between these two, which keep slots, deadlines and counts.
  void unlink(const Items::value_type& at);
  void link(const Items::value_type& at);
  void drop(Items::iterator at);
  void add_to_run(LeaseQueue::Fate fate, const Lease& lease);

  LeaseQueue queue_;
  Terms terms_;
  Items items_;
  std::unordered_map<std::uint32_t, Slot> slots_;
  std::unordered_map<MemberId, std::size_t> held_;
  std::set<std::pair<WallTime, std::int64_t>> deadlines_;  // of leases that have one
  std::size_t ready_ = 0;
  std::uint64_t batch_ = 0;
  WallTime rests_until_;
  std::vector<LeaseQueue::Fate> run_;
  std::optional<Lease> run_lease_;
};

template <class Counted>
std::size_t Outstanding::take_back(MemberId member, Which which, Counted counted) {
  const std::vector<std::int64_t> offsets = held_offsets(member, which);
  for (const std::int64_t offset : offsets) put_back(offset, counted(QueueOffset(offset)));
  return offsets.size();
}

template <class SlotOf>
void Outstanding::adopt(SlotOf slot_of) {
  queue_.for_each([&](const LeaseQueue::Unfinished& message) {
    const Lease& lease = message.lease;
    Item item{slot_of(message.offset), message.attempts};
    item.leased = message.leased;
    item.stamp = lease.stamp;
    item.deadline = lease.deadline;
    const bool office = lease.owner == kUndertaker || lease.owner == kCalendar;
    if (item.leased && lease.owner != kNobody) item.member = office ? lease.owner : kStranger;
    if (lease.owner == kUndertaker) item.member = kUndertaker;  // even when its time is over
    link(*items_.emplace(message.offset.value, item).first);
  });
  take_back(kStranger, Which::untimed, [](QueueOffset) { return true; });
}

}  // namespace sluice::delivery
