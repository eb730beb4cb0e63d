#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::kNow;

/// A snapshot of progress that was on stable storage when a power cut took the end of the log.
class ProgressRestore : public testing::BrokerFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(broker_.load(kNow));
    make_topic("t", 1);
    for (int i = 0; i < 5; ++i) send("t");
    commit(broker_, 2);
    commit(broker_, 5);
    ASSERT_TRUE(broker_.persist(kNow));
  }
  static void commit(Broker& broker, std::int64_t offset) {
    ASSERT_TRUE(broker.commit_offset("g", "t", QueueId(0), QueueOffset(offset), kNow));
    ASSERT_TRUE(broker.log_progress(kNow));
  }
  static std::optional<QueueOffset> committed(Broker& broker) {
    return broker.progress().committed("g", "t", QueueId(0));
  }
  std::unique_ptr<Broker> start() {
    auto again = std::make_unique<Broker>(left_, disk_, "config", BrokerOptions{});
    EXPECT_TRUE(again->load(kNow));
    return again;
  }

  testing::FakeStore left_;  ///< what the power cut left: nothing
};

TEST_F(ProgressRestore, NeverPointsBehindTheQueuesEnd) {
  const auto again = start();
  EXPECT_EQ(committed(*again), QueueOffset(0)) << "new messages at 0 to 4 would never be read";
}

TEST_F(ProgressRestore, CommitsAreFoundThoughTheSnapshotHasSeenMoreOfThem) {
  const auto again = start();
  SendBatch batch(*again);
  ASSERT_TRUE(batch.add({.topic = "t", .queue_id = 0, .body = as_bytes("new")}, kNow));
  ASSERT_TRUE(batch.append());
  commit(*again, 1);
  EXPECT_EQ(committed(*start()), QueueOffset(1)) << "and there was no other snapshot";
}

}  // namespace
}  // namespace sluice::broker
