#pragma once

#include <mutex>
#include <optional>

#include "base/clock.h"

/// The time by which leases run, whatever is done to the wall clock.
///
/// A lease outlives the process, so its deadline cannot be a steady time; and it must neither end
/// early nor last for hours because somebody set the clock. So lease time starts with the wall
/// clock, moves with the steady clock from then on (following the wall clock's drift), and takes
/// the wall clock's word only for how long the process was down:
///
///   lease time at a start = the wall clock, or what it is known to have shown before if that was
///                           more, plus what lease time was ahead of it then
///
/// Receipts carry another time, the stamp: the wall clock's, but never less than one given before.
/// Clients compare it with their own clocks, and leases of one message are told apart by it.
namespace sluice::delivery {

/// One reading.
struct LeaseTime {
  WallTime stamp;  ///< of a receipt that is given now
  WallTime now;    ///< in which deadlines are counted
  LeaseTime(WallTime stamp, WallTime now) : stamp(stamp), now(now) {}
  /// While nobody has set the wall clock both are the same.
  LeaseTime(WallTime both) : stamp(both), now(both) {}  // NOLINT(google-explicit-constructor)
};

/// What the next start has to know.
struct LeaseClockNote {
  WallTime wall;  ///< what the wall clock showed …
  WallTime now;   ///< … when lease time was this
};

/// Thread-safe; never waits for anything.
class LeaseClock {
 public:
  static constexpr milliseconds kSet{1'000};  ///< a difference like this is no drift: it was set

  /// Before the first read(), in the order in which they were made: what was noted, and the stamps
  /// of receipts that were given.
  void known(const LeaseClockNote& note);
  void known(WallTime stamp);

  /// The first one starts it.
  LeaseTime read(WallTime wall, SteadyTime steady);
  /// A note when the wall clock was set since the last one.
  std::optional<LeaseClockNote> take_note();
  /// A note anyway; nothing while no time is known.
  std::optional<LeaseClockNote> note() const;

  /// A deadline for people: by the wall clock as it was set last.
  WallTime wall_at(WallTime deadline) const;

 private:
  mutable std::mutex mutex_;
  bool started_ = false;
  bool noted_ = true;            ///< take_note() has told of ahead_
  milliseconds over_steady_{0};  ///< lease time less the steady clock
  milliseconds ahead_{0};        ///< lease time less the wall clock, as it was set last
  WallTime wall_;                ///< what the wall clock is known to have shown last
  WallTime latest_;              ///< stamp
};

}  // namespace sluice::delivery
