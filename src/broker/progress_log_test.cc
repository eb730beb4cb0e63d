#include "broker/progress_log.h"

#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::kNow;

class ProgressLog : public testing::BrokerFixture {
 protected:
  void SetUp() override {
    make_topic("t");
    ASSERT_TRUE(broker_.load(kNow));
    for (int i = 0; i < 10; ++i) send("t");
  }
  void commit(std::int64_t offset) {
    ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(offset), kNow));
    ASSERT_TRUE(broker_.log_progress(kNow));
  }
  std::optional<QueueOffset> after_restart() {
    Broker again(store_, disk_, "config", {});
    EXPECT_TRUE(again.load(kNow));
    return again.progress().committed("g", "t", QueueId(0));
  }
};

TEST_F(ProgressLog, CommitsOutliveTheProcessWithoutASnapshot) {
  commit(5);
  commit(9);
  EXPECT_EQ(after_restart(), QueueOffset(9));
}

TEST_F(ProgressLog, CommitsAfterASnapshotWinAlsoWhenTheyGoBack) {
  commit(9);
  ASSERT_TRUE(broker_.persist(kNow));
  EXPECT_EQ(after_restart(), QueueOffset(9));
  commit(3);
  EXPECT_EQ(after_restart(), QueueOffset(3));
}

TEST_F(ProgressLog, ACommitThatCouldNotBeLoggedIsLoggedWhenItIsRepeated) {
  commit(5);
  ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(9), kNow));
  store_.fail_appends = true;
  ASSERT_FALSE(broker_.log_progress(kNow));
  ASSERT_FALSE(broker_.log_progress(kNow)) << "it was not logged, so it must not seem to be";
  store_.fail_appends = false;
  commit(9);
  EXPECT_EQ(after_restart(), QueueOffset(9));
}

TEST_F(ProgressLog, ARemovedGroupStaysRemoved) {
  commit(9);
  ASSERT_TRUE(broker_.persist(kNow));
  broker_.progress().remove_group("g");
  ASSERT_TRUE(broker_.log_progress(kNow));
  EXPECT_FALSE(after_restart());
}

TEST(ProgressRecords, EveryCutIsRefused) {
  Buffer body;
  encode_progress({{"topic", "group", {{0, 300}, {7, 1LL << 40}}}}, body);
  const auto whole = decode_progress(body.bytes());
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->front().offsets,
            (std::map<std::int32_t, std::int64_t>{{0, 300}, {7, 1LL << 40}}));
  for (std::size_t size = 1; size < body.size(); ++size) {
    EXPECT_FALSE(decode_progress(body.bytes().first(size))) << size;
  }
}

TEST(ProgressRecords, NumbersThatNoQueueOrOffsetCanHaveAreRefused) {
  Buffer queue, offset;
  encode_progress({{"topic", "group", {{-1, 0}}}}, queue);
  encode_progress({{"topic", "group", {{0, -1}}}}, offset);
  EXPECT_FALSE(decode_progress(queue.bytes()));
  EXPECT_FALSE(decode_progress(offset.bytes()));
}

}  // namespace
}  // namespace sluice::broker
