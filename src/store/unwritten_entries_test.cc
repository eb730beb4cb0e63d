#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/checkpoint.h"
#include "store/layout.h"
#include "store/queue_table.h"
#include "store/store_check.h"
#include "store/testing/store_fixture.h"

/// With very many queues entries wait in memory, and in the queue table, for their files.
namespace sluice::store {
namespace {

using testing::append_all;
using testing::append_one;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::small_options;

constexpr int kMany = 20;

class ManyQueues : public ::testing::Test {
 protected:
  ManyQueues() {
    options_.few_queues = 3;
    options_.flushed_behind = 1000;
    open();
  }
  void open() { store_ = must_open(disk_, clock_, options_); }
  /// An entry more in each queue.
  void append_round() {
    for (int q = 0; q < kMany; ++q) {
      ASSERT_TRUE(append_all(*store_, *queue(q), numbered(1, 20, rounds_)));
    }
    ++rounds_;
  }
  void maintain_later() {
    clock_.advance(milliseconds(6000));
    store_->maintain();
  }
  void kill() {
    store_.reset();
    disk_.kill();
  }
  void lose_the_table() {
    ASSERT_TRUE(disk_.remove("/r/sluice.queues"));
    ASSERT_TRUE(disk_.remove("/r/sluice.queues.bak"));
  }
  void expect_all() {
    for (int q = 0; q < kMany; ++q)
      EXPECT_EQ(bodies_of(*store_, *queue(q)), numbered(rounds_)) << q;
  }
  bool has_file(int q) {
    return disk_.exists(fmt::format("/r/consumequeue/T/{}/{}", q, file_name(0)));
  }
  std::shared_ptr<Queue> queue(int id) { return store_->queue("T", QueueId(id)); }
  std::int64_t indexes_below() { return (*read_checkpoint(disk_, "/r"))->indexes_below; }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  StoreOptions options_ = small_options();
  std::unique_ptr<MessageStore> store_;
  int rounds_ = 0;
};

TEST_F(ManyQueues, EntriesInNoFileComeBackAfterAKill) {
  append_round();
  maintain_later();
  append_round();
  for (int start = 0; start < 3; ++start) {
    EXPECT_FALSE(has_file(7)) << "too few to be worth one";
    kill();
    open();
    expect_all();
    append_round();
  }
  ASSERT_TRUE(append_all(*store_, *queue(0), numbered(100, 20, rounds_)));
  store_->maintain();
  EXPECT_TRUE(has_file(0));
  kill();
  open();
  EXPECT_EQ(bodies_of(*store_, *queue(0)), numbered(rounds_ + 100));
}

TEST_F(ManyQueues, AreCountedWithoutABroker) {
  append_round();
  append_round();
  maintain_later();
  kill();
  const auto offline = OfflineStore::open(disk_, "/r");
  ASSERT_TRUE(offline);
  const auto report = survey(**offline);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->queues, kMany);
  EXPECT_EQ(report->messages, 2 * kMany);
}

TEST_F(ManyQueues, EntriesInNoFileComeBackAfterAPowerCut) {
  append_round();
  maintain_later();
  append_round();
  store_->maintain();  // flushes the log
  store_.reset();
  disk_.cut_power();
  EXPECT_FALSE(has_file(7));
  open();
  expect_all();
}

TEST_F(ManyQueues, AStartReadsOnlyWhatIsBehindTheTableThoughNoFileWasEverMade) {
  append_round();
  append_round();
  maintain_later();
  append_round();
  EXPECT_EQ(indexes_below(), 0);
  kill();
  // A start that reads it ends, for it was flushed.
  disk_.flip_byte("/r/commitlog/" + file_name(0), 95);
  open();
  ASSERT_NE(store_, nullptr);
  for (int q = 0; q < kMany; ++q) EXPECT_EQ(queue(q)->max(), QueueOffset(3)) << q;
}

TEST_F(ManyQueues, NothingIsLostWithADamagedTable) {
  for (const std::int64_t at : {std::int64_t{30}, std::int64_t{300}}) {
    append_round();
    maintain_later();
    append_round();
    kill();
    ASSERT_TRUE(disk_.remove("/r/sluice.queues.bak"));
    disk_.flip_byte("/r/sluice.queues", at);
    open();
    expect_all();
  }
}

TEST_F(ManyQueues, NothingIsLostWithoutTheTableWhereSomeQueuesHaveFiles) {
  append_round();
  ASSERT_TRUE(append_all(*store_, *store_->queue("U", QueueId(0)), numbered(100)));
  maintain_later();
  EXPECT_TRUE(disk_.exists("/r/consumequeue/U/0/" + file_name(0)));
  append_round();
  maintain_later();
  kill();
  lose_the_table();
  open();
  expect_all();
  EXPECT_EQ(bodies_of(*store_, *store_->queue("U", QueueId(0))), numbered(100));
}

TEST_F(ManyQueues, EveryEntryIsInAFileAfterACleanStop) {
  append_round();
  maintain_later();
  append_round();
  ASSERT_TRUE(store_->close());
  store_.reset();
  lose_the_table();
  EXPECT_TRUE(has_file(7));
  EXPECT_EQ((*read_checkpoint(disk_, "/r"))->indexes_below,
            (*read_checkpoint(disk_, "/r"))->flushed);
  open();
  expect_all();
}

TEST_F(ManyQueues, AStartByApachesTimesReadsWhatIsInNoFile) {
  append_round();
  for (int i = 0; i < 10; ++i) {
    clock_.advance(milliseconds(60'000));
    ASSERT_TRUE(append_all(*store_, *store_->queue("U", QueueId(0)), numbered(70, 20, 70 * i)));
    store_->maintain();
  }
  EXPECT_FALSE(has_file(7));
  kill();
  lose_the_table();
  ASSERT_TRUE(disk_.remove("/r/sluice.checkpoint"));
  ASSERT_TRUE(disk_.remove("/r/sluice.checkpoint.bak"));
  open();
  expect_all();
}

TEST_F(ManyQueues, ARemovedTopicWithEntriesInNoFileDoesNotComeBack) {
  append_round();
  maintain_later();
  ASSERT_TRUE(append_one(*store_, *store_->queue("U", QueueId(0)), "stays"));
  ASSERT_TRUE(store_->remove_topic("T"));
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(queue(7)->max(), QueueOffset(0)) << start;
    EXPECT_EQ(store_->queue("U", QueueId(0))->max(), QueueOffset(1));
    kill();
    open();
  }
  rounds_ = 0;
  append_round();
  kill();
  open();
  expect_all();
}

TEST_F(ManyQueues, OffsetsGoOnBehindADroppedLogThatHadTheOnlyEntries) {
  for (const bool table : {true, false}) {
    ASSERT_TRUE(append_one(*store_, *store_->queue("idle", QueueId(table ? 1 : 0)), "one"));
    append_round();
    ASSERT_TRUE(append_all(*store_, *store_->queue("U", QueueId(0)), numbered(100)));
    maintain_later();
    ASSERT_TRUE(append_all(*store_, *store_->queue("U", QueueId(0)), numbered(30)));
    EXPECT_GE(*store_->drop_older_than(milliseconds(0), 100), 1);
    kill();
    if (!table) lose_the_table();
    open();
    const auto idle = store_->queue("idle", QueueId(table ? 1 : 0));
    EXPECT_EQ(idle->max(), QueueOffset(1)) << table;
    EXPECT_EQ(idle->min(), QueueOffset(1)) << table;
    for (int q = 0; q < kMany; ++q) EXPECT_EQ(queue(q)->max(), QueueOffset(rounds_)) << q;
  }
}

TEST_F(ManyQueues, EntriesComeIntoFilesWhenThereAreTooMany) {
  options_.unwritten_entries = 3 * kMany;
  kill();
  open();
  for (int i = 0; i < 3; ++i) append_round();
  store_->maintain();
  EXPECT_FALSE(has_file(7));
  append_round();
  store_->maintain();
  for (int q = 0; q < kMany; ++q) EXPECT_TRUE(has_file(q)) << q;
  kill();
  open();
  expect_all();
}

TEST_F(ManyQueues, EntriesComeIntoFilesWhenTheyAreOld) {
  options_.files_behind = 8000;
  kill();
  open();
  append_round();
  store_->maintain();
  EXPECT_FALSE(has_file(7));
  ASSERT_TRUE(append_all(*store_, *store_->queue("U", QueueId(0)), numbered(100)));
  maintain_later();
  for (int q = 0; q < kMany; ++q) EXPECT_TRUE(has_file(q)) << q;
  EXPECT_GT(indexes_below(), 2000);
  kill();
  open();
  expect_all();
}

TEST_F(ManyQueues, TheCheckpointSaysHowFarTheLogIsSafeThoughTheirIndexesWait) {
  append_round();
  maintain_later();
  append_round();
  const std::int64_t end = store_->end().value;
  store_->maintain();
  const auto checkpoint = *read_checkpoint(disk_, "/r");
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->flushed, end);
  EXPECT_EQ(checkpoint->indexes_below, 0);
}

TEST_F(ManyQueues, WhatAFullDiskTookBackIsNotNotedAsWritten) {
  append_round();
  maintain_later();
  disk_.set_room(0);
  EXPECT_FALSE(append_one(*store_, *store_->queue("U", QueueId(0)), "refused"));
  disk_.set_room(std::nullopt);
  store_->maintain();
  ASSERT_TRUE(append_one(*store_, *store_->queue("U", QueueId(0)), "taken"));
  append_round();
  maintain_later();
  kill();
  open();
  expect_all();
  EXPECT_EQ(bodies_of(*store_, *store_->queue("U", QueueId(0))), std::vector<std::string>{"taken"});
}

}  // namespace
}  // namespace sluice::store
