#include "delivery/resets.h"

#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

constexpr QueueId kQueue(0);

TEST(Resets, AreToldOnceAndEndWithTheNextRead) {
  Resets resets;
  EXPECT_FALSE(resets.on_read("g", "t", kQueue, QueueOffset(9)));
  resets.put("g", "t", kQueue, QueueOffset(3));
  resets.put("g", "t", kQueue, QueueOffset(5));
  EXPECT_FALSE(resets.pending("g", "t", QueueId(1)));
  EXPECT_EQ(resets.on_read("g", "t", kQueue, QueueOffset(9)), QueueOffset(5));
  EXPECT_TRUE(resets.pending("g", "t", kQueue)) << "the member still commits what it had";
  EXPECT_FALSE(resets.on_read("g", "t", kQueue, QueueOffset(9)))
      << "who does not follow knows what it does";
  EXPECT_FALSE(resets.pending("g", "t", kQueue));
}

TEST(Resets, EndWithAReadWhereTheyLead) {
  Resets resets;
  resets.put("g", "t", kQueue, QueueOffset(5));
  EXPECT_FALSE(resets.on_read("g", "t", kQueue, QueueOffset(5)));
  EXPECT_FALSE(resets.pending("g", "t", kQueue));
}

TEST(Resets, AreToldToAllWhoWait) {
  Resets resets;
  EXPECT_FALSE(resets.tell("g", "t", kQueue));
  resets.put("g", "t", kQueue, QueueOffset(5));
  EXPECT_EQ(resets.tell("g", "t", kQueue), QueueOffset(5));
  EXPECT_EQ(resets.tell("g", "t", kQueue), QueueOffset(5));
  EXPECT_TRUE(resets.pending("g", "t", kQueue));
  EXPECT_FALSE(resets.on_read("g", "t", kQueue, QueueOffset(9)));
  EXPECT_FALSE(resets.pending("g", "t", kQueue));
}

}  // namespace
}  // namespace sluice::delivery
