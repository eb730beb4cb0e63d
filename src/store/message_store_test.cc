#include "store/message_store.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/testing/store_fixture.h"
#include "store/testing/temp_folder.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using testing::append_all;
using testing::append_one;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::pending;
using testing::small_options;

class Store : public ::testing::Test {
 protected:
  void open(bool sync_flush = false) {
    store_ = must_open(disk_, clock_, small_options(sync_flush));
  }
  void reopen_clean() {
    ASSERT_TRUE(store_->close());
    store_.reset();
    open();
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

TEST_F(Store, GivesDenseOffsetsAndReadsBackWhatWasAppended) {
  open();
  auto a = queue(0), b = queue(1);
  std::vector<Pending> batch = {pending(*a, "one"), pending(*b, "two"), pending(*a, "three")};
  const auto end = store_->append(batch);
  ASSERT_TRUE(end) << end.error().remark();
  EXPECT_EQ(batch[0].offset, QueueOffset(0));
  EXPECT_EQ(batch[1].offset, QueueOffset(0));
  EXPECT_EQ(batch[2].offset, QueueOffset(1));
  EXPECT_EQ(batch[1].position, LogPosition(batch[0].size));
  EXPECT_EQ(store_->confirmed(), *end);
  EXPECT_EQ(bodies_of(*store_, *a), (std::vector<std::string>{"one", "three"}));
  EXPECT_EQ(bodies_of(*store_, *b), (std::vector<std::string>{"two"}));
}

TEST_F(Store, ABatchSpansSegmentsAndIndexFiles) {
  open();
  auto q = queue();
  ASSERT_TRUE(append_all(*store_, *q, numbered(200)));
  EXPECT_GT(store_->end().value, 4 * testing::kSegment);
  EXPECT_EQ(bodies_of(*store_, *q), numbered(200));
  store_->maintain();
  EXPECT_EQ(bodies_of(*store_, *q), numbered(200));
  EXPECT_GT(disk_.list("/r/consumequeue/T/0")->size(), 10u);
}

TEST_F(Store, RollsOverWhereApacheDoes) {
  for (const std::size_t left : {7, 8, 9, 20}) {
    testing::MemoryDisk disk;
    auto store = must_open(disk, clock_, small_options());
    auto q = store->queue("T", QueueId(0));
    const auto fixed = static_cast<std::size_t>(pending(*q, "").size);
    const std::string filling(testing::kSegment - left - 2 * fixed, 'f');
    const std::vector<std::string> bodies = {"", filling, "next"};
    ASSERT_TRUE(append_all(*store, *q, bodies));
    IndexEntry entries[3];
    ASSERT_EQ(*q->read(QueueOffset(0), entries), 3u);
    const bool fits = left >= 8;
    EXPECT_EQ(entries[1].position.value < testing::kSegment, fits) << left;
    EXPECT_EQ(entries[2].position.value == testing::kSegment, fits) << left;
    EXPECT_EQ(bodies_of(*store, *q), bodies);
    store.reset();
    disk.kill();
    store = must_open(disk, clock_, small_options());
    EXPECT_EQ(bodies_of(*store, *store->queue("T", QueueId(0))), bodies) << left;
  }
}

TEST_F(Store, TakesARecordLargerThanTheTail) {
  StoreOptions options = small_options();
  options.segment_bytes = 65536;
  options.tail_bytes = 4096;
  store_ = must_open(disk_, clock_, options);
  auto q = queue();
  const std::vector<std::string> bodies = {"small", std::string(50000, 'L'), "after",
                                           std::string(30000, 'M')};
  for (const auto& body : bodies) ASSERT_TRUE(append_one(*store_, *q, body));
  ASSERT_TRUE(append_all(*store_, *q, numbered(2000)));
  auto all = bodies;
  for (auto& body : numbered(2000)) all.push_back(body);
  EXPECT_EQ(bodies_of(*store_, *q), all);
}

TEST_F(Store, RefusesARecordLargerThanASegment) {
  open();
  EXPECT_EQ(append_one(*store_, *queue(), std::string(5000, 'x')).error().code(),
            Errc::message_illegal);
  EXPECT_TRUE(append_one(*store_, *queue(), "fine"));
}

TEST_F(Store, PreparedAndRollbackRecordsGetNoOffset) {
  open();
  auto q = queue();
  std::vector<Pending> batch = {pending(*q, "half"), pending(*q, "whole")};
  batch[0].message.sys_flag = wire::record::kTransactionPrepared;
  ASSERT_TRUE(store_->append(batch));
  EXPECT_EQ(bodies_of(*store_, *q), (std::vector<std::string>{"whole"}));
  reopen_killed();
  EXPECT_EQ(bodies_of(*store_, *queue()), (std::vector<std::string>{"whole"}));
}

TEST_F(Store, KeepsEverythingAcrossACleanRestart) {
  open();
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(100)));
  const LogPosition end = store_->end();
  reopen_clean();
  EXPECT_EQ(store_->end(), end);
  EXPECT_EQ(bodies_of(*store_, *queue()), numbered(100));
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(50, 20, 100)));
  reopen_clean();
  EXPECT_EQ(bodies_of(*store_, *queue()), numbered(150));
}

TEST_F(Store, KeepsWrittenMessagesWhenKilledAndFlushedOnesWhenThePowerIsCut) {
  open();
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(30)));
  store_->maintain();
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(30, 20, 30)));
  reopen_killed();
  EXPECT_EQ(bodies_of(*store_, *queue()), numbered(60));
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(5, 20, 60)));
  store_.reset();
  disk_.cut_power();
  open();
  EXPECT_EQ(bodies_of(*store_, *queue()), numbered(60));
}

TEST_F(Store, BuildsTheIndexesAgainFromTheLog) {
  open();
  std::vector<Pending> batch = {pending(*queue(3), "x", std::string_view("TAGS\1A\2", 7))};
  batch[0].tags_code = wire::record::tags_code("A");
  ASSERT_TRUE(store_->append(batch));
  ASSERT_TRUE(append_all(*store_, *queue(), numbered(100)));
  ASSERT_TRUE(store_->close());
  store_.reset();
  ASSERT_TRUE(disk_.remove("/r/consumequeue"));
  open();
  EXPECT_EQ(bodies_of(*store_, *queue()), numbered(100));
  IndexEntry entry;
  ASSERT_EQ(*queue(3)->read(QueueOffset(0), std::span(&entry, 1)), 1u);
  EXPECT_EQ(entry.tags_code, batch[0].tags_code);
}

TEST_F(Store, SyncFlushShowsMessagesWhenTheyAreFlushed) {
  open(true);
  std::vector<std::int64_t> told;
  store_->on_confirmed([&](LogPosition to) { told.push_back(to.value); });
  auto q = queue();
  const auto end = append_one(*store_, *q, "one");
  ASSERT_TRUE(end);
  EXPECT_EQ(q->max(), QueueOffset(0));
  EXPECT_EQ(store_->confirmed(), LogPosition(0));
  EXPECT_EQ(store_->read_record(LogPosition(0)).error().code(), Errc::not_found);
  EXPECT_TRUE(store_->flush_waiting());
  EXPECT_EQ(q->max(), QueueOffset(1));
  EXPECT_EQ(store_->flushed(), *end);
  EXPECT_EQ(told, std::vector<std::int64_t>{end->value});
  store_->stop_flushing();
  EXPECT_FALSE(store_->flush_waiting());
}

TEST_F(Store, OneFlushIsForAllThatWaitForIt) {
  open(true);
  auto q = queue();
  ASSERT_TRUE(append_one(*store_, *q, "makes the file"));
  store_->flush_log();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_one(*store_, *q, "waits"));
  EXPECT_EQ(q->max(), QueueOffset(1));
  const std::int64_t before = disk_.changes();
  EXPECT_TRUE(store_->flush_waiting());
  EXPECT_EQ(disk_.changes(), before + 1);
  EXPECT_EQ(q->max(), QueueOffset(21));
}

TEST_F(Store, AnotherStoreOnTheFolderIsRefused) {
  open();
  const auto second = MessageStore::open(disk_, clock_, small_options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Errc::in_use);
  ASSERT_TRUE(store_->close());
  EXPECT_EQ(append_one(*store_, *queue(), "x").error().code(), Errc::closed);
  EXPECT_TRUE(MessageStore::open(disk_, clock_, small_options()));
}

TEST_F(Store, ARemovedTopicStartsAgainFromZeroAndStaysRemoved) {
  open();
  auto old = queue();
  ASSERT_TRUE(append_all(*store_, *old, numbered(40)));
  ASSERT_TRUE(append_all(*store_, *queue(0, "Other"), numbered(3)));
  ASSERT_TRUE(store_->remove_topic("T"));
  EXPECT_EQ(append_one(*store_, *old, "late").error().code(), Errc::not_found);
  EXPECT_FALSE(disk_.exists("/r/consumequeue/T"));
  reopen_killed();
  EXPECT_EQ(queue()->max(), QueueOffset(0));
  EXPECT_EQ(bodies_of(*store_, *queue(0, "Other")), numbered(3));
  ASSERT_TRUE(append_one(*store_, *queue(), "new"));
  EXPECT_EQ(bodies_of(*store_, *queue()), (std::vector<std::string>{"new"}));
}

TEST_F(Store, DropsOldSegmentsAndTheirIndexFiles) {
  open();
  auto q = queue();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(append_one(*store_, *q, numbered(1, 100, i)[0]));
    clock_.advance(milliseconds(1000));
  }
  store_->maintain();
  IndexEntry first;
  ASSERT_EQ(*q->read(QueueOffset(0), std::span(&first, 1)), 1u);
  auto slice = store_->read(first.position, first.size);
  ASSERT_TRUE(slice);
  const std::string before(as_text(slice->bytes));
  EXPECT_EQ(*store_->drop_older_than(milliseconds(3'600'000), 10), 0);
  EXPECT_EQ(*store_->drop_older_than(milliseconds(50'000), 1), 1);
  EXPECT_EQ(*store_->drop_older_than(milliseconds(0), 100), 3);
  EXPECT_EQ(store_->min_position(), LogPosition(4 * testing::kSegment));
  EXPECT_EQ(as_text(slice->bytes), before) << "a slice outlives its file";
  EXPECT_EQ(store_->read(first.position, first.size).error().code(), Errc::not_found);
  EXPECT_GT(q->min(), QueueOffset(60));
  const auto left = bodies_of(*store_, *q);
  EXPECT_EQ(left.size(), 100u - static_cast<std::size_t>(q->min().value));
  EXPECT_EQ(left.back(), numbered(1, 100, 99)[0]);
  EXPECT_LE(disk_.list("/r/consumequeue/T/0")->size(), 4u);
  reopen_killed();
  EXPECT_EQ(bodies_of(*store_, *queue()), left);
}

TEST_F(Store, FindsOffsetsByTimeWithApachesRules) {
  open();
  auto q = queue();
  using enum MessageStore::Boundary;
  EXPECT_EQ(*store_->offset_at(*q, clock_.wall(), lower), QueueOffset(0));
  const WallTime start = clock_.wall();
  // offsets 0 to 3 at 0, 1000, 1000 and 2000 ms
  for (const int step : {0, 10, 10, 20}) {
    clock_ = ManualClock(start + milliseconds(step * 100));
    ASSERT_TRUE(append_one(*store_, *q, "m"));
  }
  const auto at = [&](int ms, auto boundary) {
    return store_->offset_at(*q, start + milliseconds(ms), boundary)->value;
  };
  EXPECT_EQ(at(-1, lower), 0);
  EXPECT_EQ(at(-1, upper), 0);
  EXPECT_EQ(at(1000, lower), 1);
  EXPECT_EQ(at(1000, upper), 2);
  EXPECT_EQ(at(1500, lower), 3);
  EXPECT_EQ(at(1500, upper), 2);
  EXPECT_EQ(at(5000, lower), 4);
  EXPECT_EQ(at(5000, upper), 3);
  EXPECT_EQ(*store_->store_time(*q, QueueOffset(3)), start + milliseconds(2000));
  EXPECT_EQ(store_->store_time(*q, QueueOffset(4)).error().code(), Errc::not_found);
}

TEST(StoreOnDisk, ManyThreadsGetDenseOffsetsInLogOrder) {
  testing::TempFolder folder;
  auto disk = posix_disk();
  ManualClock clock;
  StoreOptions options = small_options();
  options.root = folder.path();
  options.segment_bytes = 1 << 20;
  auto store = must_open(*disk, clock, options);
  constexpr int kThreads = 4, kEach = 2000;
  std::atomic<bool> done = false;
  std::thread maintainer([&] {
    while (!done) store->maintain();
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      auto own = store->queue("own", QueueId(t)), shared = store->queue("shared", QueueId(0));
      for (int i = 0; i < kEach; ++i) {
        std::vector<Pending> batch = {pending(*own, "b"), pending(*shared, "c")};
        const auto end = store->append(batch);
        ASSERT_TRUE(end);
        ASSERT_EQ(batch[0].offset, QueueOffset(i));
        ASSERT_GT(shared->max(), batch[1].offset);
        ASSERT_GE(store->confirmed(), *end);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  done = true;
  maintainer.join();
  auto shared = store->queue("shared", QueueId(0));
  ASSERT_EQ(shared->max(), QueueOffset(kThreads * kEach));
  std::vector<IndexEntry> entries(kThreads * kEach);
  ASSERT_EQ(*shared->read(QueueOffset(0), entries), entries.size());
  EXPECT_TRUE(std::ranges::is_sorted(entries, {}, &IndexEntry::position));
  ASSERT_TRUE(store->close());
  store.reset();
  store = must_open(*disk, clock, options);
  EXPECT_EQ(bodies_of(*store, *store->queue("shared", QueueId(0))).size(), entries.size());
}

}  // namespace
}  // namespace sluice::store
