#include "delivery/lease_clock.h"

#include <algorithm>

namespace sluice::delivery {

void LeaseClock::known(const LeaseClockNote& note) {
  const std::scoped_lock lock(mutex_);
  wall_ = note.wall;
  ahead_ = note.now - note.wall;
}

void LeaseClock::known(WallTime stamp) {
  const std::scoped_lock lock(mutex_);
  if (stamp <= latest_) return;  // may be a later one's, repeated after the clock was set back
  latest_ = stamp;
  wall_ = std::max(wall_, stamp);
}

LeaseTime LeaseClock::read(WallTime wall, SteadyTime steady) {
  const std::scoped_lock lock(mutex_);
  if (!started_) {
    started_ = true;
    const WallTime start = std::max(wall, wall_) + ahead_;
    over_steady_ = start.time_since_epoch() - steady.time_since_epoch();
  }
  WallTime now(steady.time_since_epoch() + over_steady_);
  if (std::chrono::abs(now - wall - ahead_) >= kSet) {
    ahead_ = now - wall;
    noted_ = false;
  } else {
    // Drift, or that a millisecond of one clock begins within one of the other: without following,
    // a message could come again a millisecond before its receipt says.
    now = wall + ahead_;
    over_steady_ = now.time_since_epoch() - steady.time_since_epoch();
  }
  wall_ = wall;
  latest_ = std::max(latest_, wall);
  return {latest_, now};
}

std::optional<LeaseClockNote> LeaseClock::take_note() {
  const std::scoped_lock lock(mutex_);
  if (noted_) return std::nullopt;
  noted_ = true;
  return LeaseClockNote{wall_, wall_ + ahead_};
}

std::optional<LeaseClockNote> LeaseClock::note() const {
  const std::scoped_lock lock(mutex_);
  if (wall_ == WallTime{}) return std::nullopt;
  return LeaseClockNote{wall_, wall_ + ahead_};
}

WallTime LeaseClock::wall_at(WallTime deadline) const {
  const std::scoped_lock lock(mutex_);
  return deadline - ahead_;
}

}  // namespace sluice::delivery
