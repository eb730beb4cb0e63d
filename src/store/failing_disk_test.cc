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

TEST_F(FailingDisk, NothingOfAWriteThatFilledTheDiskIsVisibleThenOrAfterARestart) {
  open();
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(5)));
  const auto confirmed = store_->confirmed();
  disk_.set_room(200);
  const auto failed = append_all(*store_, *queue(), numbered(5, 80, 5));
  EXPECT_EQ(failed.error().code(), Errc::disk_full);
  EXPECT_THAT(std::string(failed.error().remark()), ::testing::HasSubstr("free space there"));
  EXPECT_EQ(store_->confirmed(), confirmed);
  EXPECT_EQ(store_->health().error().code(), Errc::disk_full);
  store_->maintain();
  EXPECT_EQ(append_one(*store_, *queue(), "x").error().code(), Errc::disk_full);
  EXPECT_EQ(bodies_of(*store_, *queue()), numbered(5));
  disk_.set_room(std::nullopt);
  reopen_killed();
  EXPECT_EQ(bodies_of(*store_, *queue()).size(), 5u)
      << "the disk had room for one record of the batch";
  ASSERT_TRUE(append_one(*store_, *queue(), "again"));
}

TEST_F(FailingDisk, WhatIsFoundAfterAFailedFlushOutlivesThePowerToo) {
  open(true);
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(5)));
  disk_.fail_once(disk_.changes());
  store_->flush_log();
  ASSERT_FALSE(store_->flush_health());
  reopen_killed();
  const auto found = bodies_of(*store_, *queue());  // the kernel may show it
  ASSERT_TRUE(append_one(*store_, *queue(), "later"));
  store_->flush_log();
  store_.reset();
  disk_.cut_power();
  open(true);
  auto expected = found;
  expected.emplace_back("later");
  EXPECT_EQ(bodies_of(*store_, *queue()), expected);
}

TEST_F(FailingDisk, WritingGoesOnWhereItStoppedWhenTheDiskHasSpaceAgain) {
  for (const bool sync_flush : {false, true}) {
    store_.reset();
    disk_.kill();
    ASSERT_TRUE(disk_.remove("/r"));
    open(sync_flush);
    const auto append = [&](const std::vector<std::string>& bodies) {
      auto end = append_all(*store_, *queue(), bodies);
      if (end && sync_flush) store_->flush_log();
      return end;
    };
    ASSERT_TRUE(append(numbered(5)));
    for (const std::int64_t room : {200, 0, 3000}) {  // within a file, and at the next one's begin
      disk_.set_room(room);
      EXPECT_EQ(append(numbered(50, 80, 5)).error().code(), Errc::disk_full);
      disk_.set_room(std::nullopt);
      store_->maintain();
      EXPECT_TRUE(store_->health());
    }
    // As long as those that failed, so that what was left of them would lie behind them in place.
    ASSERT_TRUE(append(numbered(1, 80, 5)));
    EXPECT_EQ(bodies_of(*store_, *queue()).size(), 6u);
    store_.reset();
    disk_.kill();
    open(sync_flush);
    EXPECT_EQ(bodies_of(*store_, *queue()).size(), 6u);
    ASSERT_TRUE(append(numbered(20, 80, 6)));
    store_->maintain();
    EXPECT_EQ(bodies_of(*store_, *queue()).size(), 26u);
  }
}

TEST_F(FailingDisk, ProducersAreRefusedWhileTheDiskIsNearlyFull) {
  open();
  EXPECT_TRUE(store_->accepts());
  disk_.set_room(50LL << 30);  // of a TiB
  store_->maintain();
  const auto refused = store_->accepts();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::disk_full);
  EXPECT_THAT(std::string(refused.error().remark()), ::testing::HasSubstr("/r"));
  EXPECT_TRUE(append_one(*store_, *queue(), "what the broker notes"));
  disk_.set_room(std::nullopt);
  store_->maintain();
  EXPECT_TRUE(store_->accepts());
}

TEST_F(FailingDisk, TheOldestFilesGoWhenTheLogIsTooLarge) {
  open();
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(300)));
  clock_.advance(milliseconds(10'000));
  store_->maintain();
  const Retention rules{.log_bytes_max = 3 * testing::kSegment};
  EXPECT_GT(*store_->apply(rules, 0, 100), 0);
  EXPECT_GT(queue()->min(), QueueOffset(0));
  EXPECT_EQ(
      store_->end().value / testing::kSegment - store_->min_position().value / testing::kSegment,
      2);
  EXPECT_EQ(*store_->apply(rules, 0, 100), 0);
  EXPECT_EQ(bodies_of(*store_, *queue()).back(), numbered(300).back());
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
