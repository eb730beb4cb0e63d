#include "base/clock.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Clock, KeepsUnixMilliseconds) {
  EXPECT_EQ(unix_ms(from_unix_ms(1'700'000'000'123)), 1'700'000'000'123);
}

TEST(ManualClock, MovesBothTimesTogether) {
  ManualClock clock;
  const auto wall = clock.wall();
  const auto steady = clock.steady();
  clock.advance(milliseconds(250));
  EXPECT_EQ(clock.wall() - wall, milliseconds(250));
  EXPECT_EQ(clock.steady() - steady, milliseconds(250));
}

}  // namespace
}  // namespace sluice
