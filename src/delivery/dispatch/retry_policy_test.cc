#include "delivery/dispatch/retry_policy.h"

#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

using Ms = milliseconds;

TEST(RetryPolicy, WithoutAScheduleAMessageComesAtOnceAndForEver) {
  const RetryPolicy policy;
  EXPECT_EQ(policy.delay(1), Ms(0));
  EXPECT_EQ(policy.delay(1000), Ms(0));
  EXPECT_FALSE(policy.is_dead(1000));
}

TEST(RetryPolicy, AFixedListStaysAtItsLastDelay) {
  const RetryPolicy policy = RetryPolicy::fixed({Ms(10), Ms(30), Ms(60)});
  EXPECT_EQ(policy.delay(1), Ms(10));
  EXPECT_EQ(policy.delay(3), Ms(60));
  EXPECT_EQ(policy.delay(99), Ms(60));
  EXPECT_EQ(policy.delay(0), Ms(0));
}

TEST(RetryPolicy, ExponentialDelaysGrowToTheLimit) {
  const RetryPolicy policy = RetryPolicy::exponential(Ms(100), 2, Ms(500));
  EXPECT_EQ(policy.delay(1), Ms(100));
  EXPECT_EQ(policy.delay(3), Ms(400));
  EXPECT_EQ(policy.delay(4), Ms(500));
  EXPECT_EQ(policy.delay(40), Ms(500));
}

TEST(RetryPolicy, WhatDoesNotGrowIsOneDelay) {
  EXPECT_EQ(RetryPolicy::exponential(Ms(100), 0.5, Ms(500)).delay(7), Ms(100));
  EXPECT_EQ(RetryPolicy::exponential(Ms(100), 2, Ms(50)).delay(7), Ms(50));
}

TEST(RetryPolicy, AMessageIsDeadAfterItsLastAttempt) {
  const RetryPolicy policy = RetryPolicy().up_to(5);
  EXPECT_FALSE(policy.is_dead(4));
  EXPECT_TRUE(policy.is_dead(5));
}

}  // namespace
}  // namespace sluice::delivery
