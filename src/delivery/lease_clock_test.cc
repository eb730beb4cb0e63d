#include "delivery/lease_clock.h"

#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

constexpr WallTime kWall = from_unix_ms(1'700'000'000'000);
constexpr SteadyTime kSteady{milliseconds(5'000)};
constexpr milliseconds kHour{3'600'000}, kSecond{1'000};

/// A machine: its clocks, and a broker that may start anew.
struct Machine {
  WallTime wall = kWall;
  SteadyTime steady = kSteady;

  void pass(milliseconds time) {
    wall += time;
    steady += time;
  }
  LeaseTime read(LeaseClock& clock) const { return clock.read(wall, steady); }
};

TEST(LeaseClock, IsTheWallClockWhileNobodySetsIt) {
  Machine machine;
  LeaseClock clock;
  EXPECT_EQ(machine.read(clock).now, kWall);
  machine.pass(kHour);
  const LeaseTime time = machine.read(clock);
  EXPECT_EQ(time.now, kWall + kHour);
  EXPECT_EQ(time.stamp, kWall + kHour);
  EXPECT_FALSE(clock.take_note());
  EXPECT_EQ(clock.wall_at(kWall + kSecond), kWall + kSecond);
}

TEST(LeaseClock, SettingTheWallClockNeitherEndsNorProlongsLeases) {
  for (const milliseconds step : {-kHour, kHour}) {
    Machine machine;
    LeaseClock clock;
    const WallTime before = machine.read(clock).now;
    machine.pass(kSecond);
    machine.wall += step;
    EXPECT_EQ(machine.read(clock).now, before + kSecond);
    EXPECT_EQ(clock.wall_at(before + 2 * kSecond), machine.wall + kSecond);
  }
}

TEST(LeaseClock, StampsNeverDecreaseAndFollowAClockThatIsSetForward) {
  Machine machine;
  LeaseClock clock;
  machine.read(clock);
  machine.wall += kHour;
  EXPECT_EQ(machine.read(clock).stamp, kWall + kHour);
  machine.wall -= 2 * kHour;
  EXPECT_EQ(machine.read(clock).stamp, kWall + kHour);
  machine.pass(3 * kHour);
  EXPECT_EQ(machine.read(clock).stamp, kWall + 2 * kHour);
}

TEST(LeaseClock, NotesThatTheClockWasSetOnceEachTime) {
  Machine machine;
  LeaseClock clock;
  EXPECT_FALSE(clock.note());
  machine.read(clock);
  machine.wall += LeaseClock::kSet - milliseconds(1);  // as a clock that is slowly corrected
  machine.read(clock);
  EXPECT_FALSE(clock.take_note());
  machine.wall -= kHour;
  machine.read(clock);
  const auto note = clock.take_note();
  ASSERT_TRUE(note);
  EXPECT_EQ(note->wall, machine.wall);
  EXPECT_EQ(note->now, kWall + LeaseClock::kSet - milliseconds(1));
  EXPECT_FALSE(clock.take_note());
  EXPECT_TRUE(clock.note());
}

TEST(LeaseClock, NoLeaseEndsBeforeItsReceiptSaysBecauseMillisecondsBeginAtDifferentMoments) {
  Machine machine;
  LeaseClock clock;
  machine.read(clock);
  machine.pass(kSecond);
  machine.wall -= milliseconds(1);  // not there yet, the steady clock is
  const LeaseTime given = machine.read(clock);
  EXPECT_EQ(given.now, given.stamp);
  machine.pass(kSecond);
  machine.steady += milliseconds(1);
  const LeaseTime later = machine.read(clock);
  EXPECT_EQ(later.now - given.now, later.stamp - given.stamp);
}

/// The lease time after `down` time without a process, in which the wall clock is set by `step`.
WallTime after_restart(Machine& machine, LeaseClock& clock, WallTime last_stamp, milliseconds down,
                       milliseconds step = milliseconds(0)) {
  LeaseClock next;
  next.known(last_stamp);
  if (const auto note = clock.take_note()) next.known(*note);
  machine.pass(down);
  machine.wall += step;
  machine.steady = SteadyTime(milliseconds(77));  // another boot
  return machine.read(next).now;
}

TEST(LeaseClock, ARestartCountsTheTimeItTook) {
  Machine machine;
  LeaseClock clock;
  const LeaseTime last = machine.read(clock);
  EXPECT_EQ(after_restart(machine, clock, last.stamp, kSecond), last.now + kSecond);
}

TEST(LeaseClock, ARestartAfterTheClockWasSetGoesOnWhereLeasesWere) {
  for (const milliseconds step : {-kHour, kHour}) {
    Machine machine;
    LeaseClock clock;
    const WallTime given = machine.read(clock).stamp;
    machine.wall += step;
    const LeaseTime last = machine.read(clock);
    EXPECT_EQ(after_restart(machine, clock, given, kSecond), last.now + kSecond);
  }
}

TEST(LeaseClock, AClockThatIsSetBackWhileTheProcessIsDownStopsLeasesAtMost) {
  Machine machine;
  LeaseClock clock;
  const LeaseTime last = machine.read(clock);
  EXPECT_EQ(after_restart(machine, clock, last.stamp, kSecond, -kHour), last.now);
}

TEST(LeaseClock, ReceiptsGivenAfterANoteSayHowLateItWas) {
  Machine machine;
  LeaseClock clock;
  machine.read(clock);
  machine.wall += kHour;
  machine.read(clock);
  const auto note = clock.take_note();
  ASSERT_TRUE(note);
  machine.pass(kSecond);
  const LeaseTime last = machine.read(clock);

  LeaseClock next;
  next.known(kWall);
  next.known(*note);
  next.known(last.stamp);
  EXPECT_EQ(next.read(machine.wall - kHour, kSteady).now, last.now);  // set back once more
}

}  // namespace
}  // namespace sluice::delivery
