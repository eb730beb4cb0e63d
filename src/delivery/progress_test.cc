#include "delivery/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Progress, HasNothingUntilACommit) {
  Progress progress;
  EXPECT_FALSE(progress.committed("g", "t", QueueId(0)));
  progress.commit("g", "t", QueueId(3), QueueOffset(7));
  EXPECT_EQ(progress.committed("g", "t", QueueId(3)), QueueOffset(7));
  EXPECT_FALSE(progress.committed("g", "t", QueueId(0)));
  EXPECT_FALSE(progress.committed("g", "t", QueueId(4)));
  EXPECT_FALSE(progress.committed("other", "t", QueueId(3)));
}

TEST(Progress, MayMoveBack) {
  Progress progress;
  progress.commit("g", "t", QueueId(0), QueueOffset(9));
  progress.commit("g", "t", QueueId(0), QueueOffset(2));
  EXPECT_EQ(progress.committed("g", "t", QueueId(0)), QueueOffset(2));
}

TEST(Progress, IgnoresNegativeOffsetsAndQueues) {
  Progress progress;
  progress.commit("g", "t", QueueId(0), QueueOffset(-1));
  progress.commit("g", "t", QueueId(-1), QueueOffset(4));
  EXPECT_THAT(progress.entries(), IsEmpty());
  EXPECT_EQ(progress.version(), 0u);
}

TEST(Progress, StepsItsVersionOnChangesOnly) {
  Progress progress;
  progress.commit("g", "t", QueueId(0), QueueOffset(9));
  const auto version = progress.version();
  progress.commit("g", "t", QueueId(0), QueueOffset(9));
  EXPECT_EQ(progress.version(), version);
  progress.commit("g", "t", QueueId(0), QueueOffset(10));
  EXPECT_GT(progress.version(), version);
}

TEST(Progress, RemovesGroupsAndTopics) {
  Progress progress;
  progress.commit("g1", "t1", QueueId(0), QueueOffset(1));
  progress.commit("g2", "t1", QueueId(0), QueueOffset(2));
  progress.commit("g1", "t2", QueueId(0), QueueOffset(3));
  EXPECT_THAT(progress.topics("g1"), ElementsAre("t1", "t2"));
  EXPECT_THAT(progress.groups("t1"), ElementsAre("g1", "g2"));
  progress.remove_group("g1");
  EXPECT_THAT(progress.topics("g1"), IsEmpty());
  EXPECT_THAT(progress.groups("t1"), ElementsAre("g2"));
  progress.remove_topic("t1");
  EXPECT_THAT(progress.entries(), IsEmpty());
}

TEST(Progress, CopiesAGroupsOffsets) {
  Progress progress;
  progress.commit("a", "t", QueueId(1), QueueOffset(5));
  progress.copy_group("a", "b", "t");
  EXPECT_EQ(progress.committed("b", "t", QueueId(1)), QueueOffset(5));
}

TEST(Progress, RestoresWhatItGave) {
  Progress progress;
  progress.commit("g", "t", QueueId(0), QueueOffset(12));
  progress.commit("g", "t", QueueId(2), QueueOffset(7));
  Progress other;
  other.restore(progress.entries());
  const auto entries = other.entries();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_THAT(entries[0].offsets, ElementsAre(Pair(0, 12), Pair(2, 7)));
}

TEST(Progress, TellsEachChangeOnce) {
  Progress progress;
  progress.commit("g", "t", QueueId(0), QueueOffset(5));
  progress.commit("g", "t", QueueId(2), QueueOffset(7));
  progress.commit("h", "t", QueueId(0), QueueOffset(1));
  auto changes = progress.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].offsets, (std::map<std::int32_t, std::int64_t>{{0, 5}, {2, 7}}));
  EXPECT_TRUE(progress.take_changes().empty());
  progress.commit("g", "t", QueueId(0), QueueOffset(5));
  EXPECT_TRUE(progress.take_changes().empty());
  progress.remove_group("h");
  changes = progress.take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].group, "h");
  EXPECT_TRUE(changes[0].offsets.empty());
}

TEST(Progress, ChangesBroughtBackComeToTheSame) {
  Progress progress, copy;
  const auto bring = [&] {
    for (const auto& change : progress.take_changes()) copy.restore_change(change);
  };
  progress.commit("g", "t", QueueId(3), QueueOffset(5));
  bring();
  progress.commit("g", "t", QueueId(3), QueueOffset(2));
  progress.copy_group("g", "h", "t");
  bring();
  EXPECT_EQ(copy.committed("g", "t", QueueId(3)), QueueOffset(2));
  EXPECT_EQ(copy.committed("h", "t", QueueId(3)), QueueOffset(2));
  progress.remove_topic("t");
  bring();
  EXPECT_TRUE(copy.entries().empty());
  EXPECT_TRUE(copy.take_changes().empty());
}

}  // namespace
}  // namespace sluice::delivery
