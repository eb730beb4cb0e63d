#include "broker/retry_policy.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

TEST(RetryPolicy, WithoutOneRetriesGoUpTheLevelsFromTheThird) {
  const DelayLevels levels;
  const RetryPolicy policy;
  EXPECT_EQ(policy.level(0, levels), 3);
  EXPECT_EQ(policy.level(5, levels), 8);
  EXPECT_EQ(policy.level(100, levels), 18);
  EXPECT_EQ(policy.level(-1, levels), 3);
}

TEST(RetryPolicy, CustomizedTimesAreReadFromTheThirdOn) {
  const DelayLevels levels;
  const RetryPolicy policy{.next_ms = {1'000, 1'000, 5'000, 20'000}};
  EXPECT_EQ(policy.level(0, levels), 2);
  EXPECT_EQ(policy.level(1, levels), 4);  // 20 s: the 30 s level, not the 10 s one
  EXPECT_EQ(policy.level(9, levels), 4);
  EXPECT_EQ((RetryPolicy{.next_ms = {1'000}}.level(0, levels)), 1);
}

TEST(RetryPolicy, ExponentialTimesGrowToTheirMaximum) {
  const DelayLevels levels;
  const RetryPolicy policy{.type = RetryPolicy::Type::exponential,
                           .exponential = ExponentialRetry{1'000, 60'000, 5}};
  EXPECT_EQ(policy.level(0, levels), 1);
  EXPECT_EQ(policy.level(1, levels), 2);
  EXPECT_EQ(policy.level(2, levels), 4);   // 25 s
  EXPECT_EQ(policy.level(30, levels), 5);  // 1 min, without overflow
}

TEST(RetryPolicy, ExponentialWithoutNumbersIsTheLevels) {
  const RetryPolicy policy{.type = RetryPolicy::Type::exponential};
  EXPECT_EQ(policy.level(0, DelayLevels()), 3);
}

}  // namespace
}  // namespace sluice::broker
