#include "base/log.h"

#include <gtest/gtest.h>

namespace sluice::log {
namespace {

/// Puts the level back that other tests expect.
struct LevelKept {
  ~LevelKept() { set_level(Level::info); }
};

TEST(Log, KnowsItsLevelsByName) {
  Level level = Level::off;
  EXPECT_TRUE(parse_level("trace", level));
  EXPECT_EQ(level, Level::trace);
  EXPECT_TRUE(parse_level("warn", level));
  EXPECT_EQ(level, Level::warn);
  EXPECT_TRUE(parse_level("off", level));
  EXPECT_EQ(level, Level::off);
}

TEST(Log, RefusesOtherNamesAndLeavesTheLevel) {
  Level level = Level::error;
  EXPECT_FALSE(parse_level("", level));
  EXPECT_FALSE(parse_level("loud", level));
  EXPECT_EQ(level, Level::error);
}

TEST(Log, DropsLinesBelowItsLevel) {
  const LevelKept kept;
  set_level(Level::warn);
  EXPECT_FALSE(enabled(Level::info));
  EXPECT_TRUE(enabled(Level::warn));
  EXPECT_TRUE(enabled(Level::error));
  testing::internal::CaptureStderr();
  info("not shown");
  warn("shown", {{"port", 10911}, {"broker", std::string("broker-a")}});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("not shown"), std::string::npos);
  EXPECT_NE(text.find("shown"), std::string::npos);
  EXPECT_NE(text.find("port=10911"), std::string::npos) << text;
  EXPECT_NE(text.find("broker=broker-a"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::log
