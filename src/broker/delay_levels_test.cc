#include "broker/delay_levels.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;

TEST(DelayLevels, StockLevelsAreApaches) {
  const DelayLevels levels;
  EXPECT_EQ(levels.count(), 18);
  EXPECT_EQ(levels.of(1), 1s);
  EXPECT_EQ(levels.of(3), 10s);
  EXPECT_EQ(levels.of(5), 1min);
  EXPECT_EQ(levels.of(18), 2h);
}

TEST(DelayLevels, ReadsEveryUnitAndAnyBlanks) {
  const auto levels = DelayLevels::parse("  2s 3m\t1h   1d ");
  ASSERT_TRUE(levels);
  EXPECT_EQ(levels->count(), 4);
  EXPECT_EQ(levels->of(1), 2s);
  EXPECT_EQ(levels->of(2), 3min);
  EXPECT_EQ(levels->of(3), 1h);
  EXPECT_EQ(levels->of(4), 24h);
}

TEST(DelayLevels, NamesTheWordThatIsWrong) {
  for (const char* wrong : {"5", "s", "0s", "-1s", "5x", "1.5s", "5S", "99999999d"}) {
    const auto levels = DelayLevels::parse(std::string("1s ") + wrong);
    ASSERT_FALSE(levels) << wrong;
    EXPECT_EQ(levels.error().code(), Errc::invalid_argument);
    EXPECT_NE(levels.error().remark().find(std::string("[") + wrong + "]"), std::string::npos);
  }
  EXPECT_FALSE(DelayLevels::parse(" "));
}

TEST(DelayLevels, ClampsALevelThatIsTooHigh) {
  const DelayLevels levels;
  EXPECT_EQ(levels.clamp(19), 18);
  EXPECT_EQ(levels.clamp(1'000'000'000'000), 18);
  EXPECT_EQ(levels.clamp(-1), 0);
  EXPECT_EQ(levels.of(99), 2h);
}

TEST(DelayLevels, CoversAWaitWithTheNearestLevelThatIsNotShorter) {
  const DelayLevels levels;
  EXPECT_EQ(levels.covering(0s), 1);
  EXPECT_EQ(levels.covering(5s), 2);
  EXPECT_EQ(levels.covering(5001ms), 3);
  EXPECT_EQ(levels.covering(24h), 18);
  const auto unsorted = DelayLevels::parse("1m 10s 30s");
  ASSERT_TRUE(unsorted);
  EXPECT_EQ(unsorted->covering(5s), 2);
  EXPECT_EQ(unsorted->covering(2min), 1);
}

}  // namespace
}  // namespace sluice::broker
