#pragma once

#include <chrono>

/// Time as values. Core folders are handed the time; only the rim asks a Clock for it, so that
/// tests and the simulation move it by hand.
namespace sluice {

using std::chrono::milliseconds;

/// Wall time in milliseconds since the Unix epoch: what messages carry. It can jump.
using WallTime = std::chrono::sys_time<milliseconds>;
/// Time that only moves forward: for deadlines and durations.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, milliseconds>;

/// Milliseconds since the Unix epoch, as wire and disk formats want them.
constexpr std::int64_t unix_ms(WallTime t) { return t.time_since_epoch().count(); }
constexpr WallTime from_unix_ms(std::int64_t ms) { return WallTime(milliseconds(ms)); }

/// Where time comes from. Implementations may be called by any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

/// A clock that tests move by hand. Not thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = from_unix_ms(1'700'000'000'000)) : wall_(start) {}
  WallTime wall() const override { return wall_; }
  SteadyTime steady() const override { return steady_; }
  void advance(milliseconds by) {
    wall_ += by;
    steady_ += by;
  }

 private:
  WallTime wall_;
  SteadyTime steady_{milliseconds(1000)};
};

}  // namespace sluice
