#include "delivery/resets.h"

#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

TEST(Resets, AreToldOnce) {
  Resets resets;
  EXPECT_FALSE(resets.take("g", "t", QueueId(0)));
  resets.put("g", "t", QueueId(0), QueueOffset(3));
  resets.put("g", "t", QueueId(0), QueueOffset(5));
  EXPECT_TRUE(resets.pending("g", "t", QueueId(0)));
  EXPECT_FALSE(resets.pending("g", "t", QueueId(1)));
  EXPECT_EQ(resets.take("g", "t", QueueId(0)), QueueOffset(5));
  EXPECT_FALSE(resets.take("g", "t", QueueId(0)));
  EXPECT_FALSE(resets.pending("g", "t", QueueId(0)));
}

}  // namespace
}  // namespace sluice::delivery
