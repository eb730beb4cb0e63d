#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/testing/store_fixture.h"

/// Disks that are full or broken under a running store.
namespace sluice::store {
namespace {

using testing::append_all;
using testing::append_one;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::small_options;

class FailingDisk : public ::testing::Test {
 protected:
  void open(bool sync_flush = false) {
    store_ = must_open(disk_, clock_, small_options(sync_flush));
  }
  void reopen_killed() {
    store_.reset();
    disk_.kill();
    open();
  }
  std::shared_ptr<Queue> queue(int id = 0, std::string_view topic = "T") {
    return store_->queue(topic, QueueId(id));
  }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(FailingDisk, NothingOfAFailedWriteIsVisibleAndTheLogTakesNoMore) {
  open();
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(5)));
  const auto confirmed = store_->confirmed();
  disk_.set_room(200);
  EXPECT_EQ(append_all(*store_, *queue(), numbered(5, 80, 5)).error().code(), Errc::disk_full);
  EXPECT_EQ(store_->confirmed(), confirmed);
  EXPECT_EQ(store_->health().error().code(), Errc::disk_full);
  disk_.set_room(std::nullopt);
  EXPECT_EQ(append_one(*store_, *queue(), "x").error().code(), Errc::disk_full);
  EXPECT_EQ(bodies_of(*store_, *queue()), numbered(5));
  reopen_killed();
  EXPECT_EQ(bodies_of(*store_, *queue()).size(), 5u)
      << "the disk had room for one record of the batch";
  ASSERT_TRUE(append_one(*store_, *queue(), "again"));
}

TEST_F(FailingDisk, AFailedFlushIsNotTriedAgain) {
  open(true);
  auto q = queue();
  ASSERT_TRUE(append_one(*store_, *q, "one"));
  int told = 0;
  store_->on_confirmed([&](LogPosition) { ++told; });
  EXPECT_TRUE(store_->flush_health());
  disk_.fail_once(disk_.changes());
  EXPECT_TRUE(store_->flush_waiting());
  EXPECT_EQ(told, 1) << "whoever waits learns that it waits in vain";
  EXPECT_EQ(store_->flush_health().error().code(), Errc::io_error);
  EXPECT_FALSE(store_->health());
  store_->maintain();
  EXPECT_EQ(q->max(), QueueOffset(0));
  EXPECT_FALSE(append_one(*store_, *q, "two"));
  EXPECT_FALSE(store_->close());
}

}  // namespace
}  // namespace sluice::store
