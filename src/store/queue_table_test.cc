#include "store/queue_table.h"

#include <limits>

#include <gtest/gtest.h>

#include "store/checkpoint.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::append_all;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::pending;
using testing::small_options;

TEST(QueueTable, IsReadBackAndNoDamageIsTakenForGood) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  EXPECT_FALSE(*read_queue_table(disk, "/r"));
  const QueueTable table{.position = 77,
                         .rows = {{.topic = "a", .id = QueueId(3), .first = 10, .next = 25},
                                  {.topic = "b", .id = QueueId(0), .first = 0, .next = 0}}};
  const auto size = write_queue_table(disk, "/r", table);
  ASSERT_TRUE(size);
  EXPECT_EQ(*read_queue_table(disk, "/r"), table);
  for (std::int64_t at = 0; at < *size; ++at) {
    disk.flip_byte("/r/sluice.queues", at);
    EXPECT_FALSE(*read_queue_table(disk, "/r")) << at;
    disk.flip_byte("/r/sluice.queues", at);
  }
}

TEST(QueueTable, WithMoreEntriesThanTheLogHasBytesIsNone) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  for (const std::int64_t next : {78L, std::numeric_limits<std::int64_t>::max()}) {
    const QueueTable table{.position = 77, .rows = {{.topic = "a", .first = 0, .next = next}}};
    ASSERT_TRUE(write_queue_table(disk, "/r", table));
    ASSERT_TRUE(write_queue_table(disk, "/r", table)) << "and its .bak";
    EXPECT_FALSE(*read_queue_table(disk, "/r"));
  }
}

class QueueTableOfAStore : public ::testing::Test {
 protected:
  void open() { store_ = must_open(disk_, clock_, small_options()); }
  void fill(int from) {
    for (int id = 0; id < 20; ++id) {
      ASSERT_TRUE(append_all(*store_, *queue(id), numbered(15, 20, from)));
    }
  }
  /// Writes the table, then more than it knows, part of which the index files know.
  void crash_behind_the_table() {
    open();
    fill(0);
    clock_.advance(milliseconds(60'000));
    store_->maintain();
    fill(15);
    store_->maintain();
    fill(30);
    store_.reset();
    disk_.kill();
  }
  void expect_all() {
    for (int id = 0; id < 20; ++id) EXPECT_EQ(bodies_of(*store_, *queue(id)), numbered(45)) << id;
  }
  std::shared_ptr<Queue> queue(int id) { return store_->queue("T", QueueId(id)); }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(QueueTableOfAStore, AKilledStoreGoesOnFromItsTable) {
  crash_behind_the_table();
  const auto table = *read_queue_table(disk_, "/r");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows.size(), 20u);
  open();
  expect_all();
  fill(45);
  ASSERT_TRUE(store_->close());
  open();
  for (int id = 0; id < 20; ++id) EXPECT_EQ(bodies_of(*store_, *queue(id)), numbered(60)) << id;
}

TEST_F(QueueTableOfAStore, IsBuiltAgainWhenMissingOrDamaged) {
  for (const bool missing : {true, false}) {
    ASSERT_TRUE(disk_.remove("/r"));
    crash_behind_the_table();
    if (missing) ASSERT_TRUE(disk_.remove("/r/sluice.queues"));
    disk_.flip_byte("/r/sluice.queues", 30);
    ASSERT_TRUE(disk_.remove("/r/sluice.queues.bak"));
    open();
    EXPECT_TRUE(*read_queue_table(disk_, "/r")) << "the next start would look into all files again";
    expect_all();
    store_.reset();
    disk_.kill();
    open();
    expect_all();
    clock_.advance(milliseconds(60'000));
    store_->maintain();
    EXPECT_TRUE(*read_queue_table(disk_, "/r"));
    store_.reset();
    disk_.kill();
  }
}

TEST(ManyQueues, TheCheckpointSaysHowFarTheLogIsSafeThoughTheirIndexesWait) {
  testing::MemoryDisk disk;
  ManualClock clock;
  auto options = small_options();
  options.flushed_behind = 1000;
  options.few_queues = 1;
  auto store = must_open(disk, clock, options);
  Pending first = pending(*store->queue("T", QueueId(0)), "first");
  ASSERT_TRUE(store->append(std::span(&first, 1)));
  clock.advance(milliseconds(60'000));
  store->maintain();
  const auto before = *read_checkpoint(disk, "/r");
  ASSERT_TRUE(before);
  std::int64_t end = 0;
  for (int i = 0; i < 70; ++i) {
    const auto queue = store->queue("T", QueueId(i % 2));
    Pending one = pending(*queue, "one of many");
    const auto until = store->append(std::span(&one, 1));
    ASSERT_TRUE(until);
    end = until->value;
  }
  store->maintain();
  const auto after = *read_checkpoint(disk, "/r");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->flushed, end);
  EXPECT_EQ(after->indexes_below, before->indexes_below) << "the pause is not over";
  store.reset();
  disk.kill();
  store = must_open(disk, clock, options);
  EXPECT_EQ(store->queue("T", QueueId(0))->max(), QueueOffset(36));
  EXPECT_EQ(store->queue("T", QueueId(1))->max(), QueueOffset(35));
}

}  // namespace
}  // namespace sluice::store
