#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

/// What a group has yet to finish in one queue, when its members take message by message (pop,
/// push).
///
///   floor()        next()          the queue's end
///      │             │                 │
///   ───┴─────────────┴─────────────────┴───▶ offset
///   finished   finished, but    not handed
///              what is leased   out yet
///              or ready
///
/// A message is *leased* to somebody until a deadline, or *ready*: it was leased and not finished
/// in time, or was left for another member. Finished messages above the floor cost nothing: what is
/// kept is what is not finished. Messages handed out together are one entry of 64 bits.
///
/// Pure and not thread-safe: times are passed in, in milliseconds of lease time (lease_clock.h),
/// because a lease outlives the process. Stamps must not decrease. Invariants: (1) a message has at
/// most one lease; (2) it becomes ready only at its deadline, or when its holder gives it back; (3)
/// floor() and next() never decrease but by a reset, which makes a new object.
namespace sluice::delivery {

/// To whom and how long. `stamp` tells this lease from later ones of the same message: when it was
/// taken (RocketMQ's popTime).
struct Lease {
  WallTime stamp;
  WallTime deadline;
  std::uint32_t owner = 0;  ///< a member of a push group; 0: whoever shows the receipt
};

/// A message that was handed out before, or left over, and can be leased.
struct Ready {
  QueueOffset offset;
  std::int32_t attempts = 0;  ///< leases that ended without an end to the message
  std::uint64_t turn = 0;     ///< grows with each message that becomes ready; from 1 on
};

class LeaseQueue {
 public:
  /// Everything before `start` is finished.
  explicit LeaseQueue(QueueOffset start) : next_(start.value) {}

  QueueOffset floor() const;
  QueueOffset next() const { return QueueOffset(next_); }
  std::size_t leased() const { return leased_; }
  std::size_t ready() const { return ready_; }
  std::size_t unfinished() const { return leased_ + ready_; }

  /// What becomes of a message at next().
  enum class Fate : std::uint8_t {
    lease,   ///< handed out
    leave,   ///< ready: the asker does not want it, another member does
    finish,  ///< nobody wants it
  };
  /// Goes on over the messages from next() on.
  void advance(std::span<const Fate> fates, const Lease& lease);
  /// The first ready message at or after `from`.
  std::optional<Ready> next_ready(QueueOffset from) const;
  /// The one that became ready first after the message of that turn. Who remembers how far it has
  /// looked meets each message once each time it becomes ready.
  std::optional<Ready> next_ready_after(std::uint64_t turn) const;
  /// Leases a ready message.
  void lease_again(QueueOffset offset, const Lease& lease);

  enum class Outcome : std::uint8_t {
    done,     ///< it holds from now on
    late,     ///< the lease had ended and somebody else has the message, or it is finished
    unknown,  ///< there never was such a lease
  };
  /// The message is finished. A holder whose lease ran out is believed while nobody else has it.
  Outcome acknowledge(QueueOffset offset, WallTime stamp);
  /// Each of `offsets`, best in order; those for which it was done go to `done`.
  void acknowledge(std::span<const QueueOffset> offsets, WallTime stamp,
                   std::vector<QueueOffset>& done);
  /// The holder's lease is replaced: sooner, later, or (a deadline that has passed) given back. One
  /// that has run out is renewed while nobody else has the message.
  Outcome put_off(QueueOffset offset, WallTime stamp, const Lease& lease);
  /// Of a message that is not finished: leases of it that have ended.
  std::int32_t attempts(QueueOffset offset) const;
  /// Everything `owner` holds becomes ready. Gives how many messages.
  std::size_t release(std::uint32_t owner);

  /// When expire() has to be called next.
  std::optional<WallTime> next_deadline() const;
  /// Leases that have run out: their messages become ready. Gives how many.
  std::size_t expire(WallTime now);

  /// One message that is not finished.
  struct Unfinished {
    QueueOffset offset;
    std::int32_t attempts = 0;
    bool leased = false;  ///< otherwise ready
    Lease lease;          ///< the latest, even when it has ended; a stamp of 0: there was none
  };
  /// The message's state; nothing when it is finished, or was never handed out.
  std::optional<Unfinished> find(QueueOffset offset) const;
  /// In no particular order.
  void for_each(const std::function<void(const Unfinished&)>& visit) const;
  /// From a snapshot or the log: sets one message's state. One at or past next() moves next()
  /// behind it, what lies between is finished.
  void restore(const Unfinished& message);
  /// From the log: everything before `next` was handed out.
  void restore_next(QueueOffset next);
  /// From the log: the message is finished, whoever held it.
  void restore_finished(QueueOffset offset);
  /// The queue has lost what it had from `end` on (a power cut): the next messages take those
  /// places.
  void cut(QueueOffset end);

 private:
  /// Messages leased together for the first time: bit i is the message at the entry's key + i.
  struct Block {
    std::uint64_t pending = 0;
    Lease lease;
  };
  /// A message on its own: leased again, put off, or ready.
  struct Single {
    std::int32_t attempts = 0;
    bool leased = false;
    Lease lease;
    std::uint64_t turn = 0;  // when ready
  };
  /// A block and a single message can have the same key.
  enum class Kind : std::uint8_t { block, single };
  using Deadline = std::tuple<WallTime, std::int64_t, Kind>;
  using Blocks = std::map<std::int64_t, Block>;
  using Singles = std::map<std::int64_t, Single>;
  /// The block that was asked for last: acknowledgements of messages that were handed out together
  /// come one after the other. An iterator goes with a map that is moved, but not with a copy.
  struct LastBlock {
    std::optional<Blocks::iterator> at;
    LastBlock() = default;
    LastBlock(LastBlock&& other) noexcept : at(std::exchange(other.at, std::nullopt)) {}
    LastBlock& operator=(LastBlock&& other) noexcept {
      at = std::exchange(other.at, std::nullopt);
      return *this;
    }
    LastBlock(const LastBlock&) {}
    LastBlock& operator=(const LastBlock&) { return at.reset(), *this; }
  };
  struct Place {
    Blocks::iterator block;    // or end
    Singles::iterator single;  // or end
  };
  static constexpr std::int64_t kBlockSpan = 64;  // offsets
  static std::uint64_t bit(std::int64_t index) {
    return std::uint64_t{1} << static_cast<unsigned>(index);
  }
  Place find(std::int64_t offset);
  Blocks::iterator block_around(std::int64_t offset);
  bool is_below_next(Blocks::iterator block, std::int64_t offset) const;
  void start_block(std::int64_t base, std::uint64_t bits, const Lease& lease);
  void put_single(std::int64_t offset, Single single);
  void line_up(std::int64_t offset, Single& single);
  void take_out(Place place, std::int64_t offset);
  void take_out(Blocks::iterator at, std::uint64_t bits);
  void erase(Blocks::iterator at);
  void make_ready(Blocks::iterator block);
  void make_ready(Singles::iterator single);

  std::int64_t next_;
  std::size_t leased_ = 0, ready_ = 0;
  Blocks blocks_;  // each up to the next one, or 64 offsets
  LastBlock last_;
  Singles singles_;  // no offset that is pending in a block
  std::set<std::int64_t> ready_offsets_;
  std::map<std::uint64_t, std::int64_t> ready_turns_;  // the same by turn
  std::uint64_t turn_ = 0;
  std::set<Deadline> deadlines_;  // of blocks and of leased singles
};

}  // namespace sluice::delivery
