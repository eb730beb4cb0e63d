#include "store/recovery.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "store/layout.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::append_all;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::small_options;

constexpr int kQueues = 2;

/// What the two queues were asked to take, and how much of it was promised to survive.
struct History {
  std::vector<std::string> asked[kQueues];
  std::size_t written[kQueues] = {}, flushed[kQueues] = {};
};

/// Batches of both queues, with a maintenance now and then; stops when the disk stops.
void work(MessageStore& store, ManualClock& clock, bool sync_flush, History& history) {
  const auto note_flushed = [&] {
    for (int q = 0; q < kQueues; ++q) history.flushed[q] = history.written[q];
  };
  for (int round = 0; round < 12; ++round) {
    const int id = round % kQueues;
    auto queue = store.queue("T", QueueId(id));
    auto bodies = numbered(7, 90, static_cast<int>(history.asked[id].size()));
    history.asked[id].insert(history.asked[id].end(), bodies.begin(), bodies.end());
    if (!append_all(store, *queue, bodies)) return;
    history.written[id] = history.asked[id].size();
    if (sync_flush && store.flush_waiting() && store.flushed() == store.end()) note_flushed();
    if (round % 3 != 2) continue;
    clock.advance(milliseconds(6000));  // so that the queue table is due
    store.maintain();
    if (store.flushed() == store.end()) note_flushed();
  }
  (void)store.close();
}

enum class Crash : std::uint8_t { kill, cut_power, cut_power_keeping_some };

struct Case {
  bool sync_flush;
  Crash crash;
  bool entries_wait = false;  ///< in memory and in the queue table, for their files
  StoreOptions options() const {
    StoreOptions options = small_options(sync_flush);
    if (!entries_wait) return options;
    options.few_queues = 0;
    options.unwritten_entries = 40;
    return options;
  }
};

class CrashEverywhere : public ::testing::TestWithParam<Case> {
 protected:
  /// True when the work was done before the crash.
  bool run(std::int64_t crash_at, std::mt19937_64& chance) {
    const auto [sync_flush, crash, entries_wait] = GetParam();
    testing::MemoryDisk disk;
    ManualClock clock;
    History history;
    disk.fail_from(crash_at);
    if (auto store = MessageStore::open(disk, clock, GetParam().options())) {
      work(**store, clock, sync_flush, history);
    }
    const bool done = disk.changes() <= crash_at;
    if (crash == Crash::kill) disk.kill();
    if (crash == Crash::cut_power) disk.cut_power();
    if (crash == Crash::cut_power_keeping_some) disk.cut_power(&chance);
    check(disk, clock, history);
    return done;
  }

  /// Opens three times: as it is, after another crash at once, and after a clean end with more
  /// messages.
  void check(testing::MemoryDisk& disk, ManualClock& clock, const History& history) {
    std::vector<std::string> found[kQueues];
    for (int round = 0; round < 3; ++round) {
      auto store = must_open(disk, clock, GetParam().options());
      ASSERT_NE(store, nullptr);
      for (int q = 0; q < kQueues; ++q) {
        auto queue = store->queue("T", QueueId(q));
        const auto now = bodies_of(*store, *queue);
        if (round > 0) {
          ASSERT_EQ(now, found[q]) << "round " << round;
        }
        found[q] = now;
      }
      if (round == 0) expect_kept(history, found);
      if (round == 1) {
        for (int q = 0; q < kQueues; ++q) {
          ASSERT_TRUE(append_all(*store, *store->queue("T", QueueId(q)), {"more", "and more"}));
          found[q].insert(found[q].end(), {"more", "and more"});
        }
        ASSERT_TRUE(store->close());
      }
      store.reset();
      if (round == 0) disk.cut_power();
    }
  }

  void expect_kept(const History& history, const std::vector<std::string>* found) {
    for (int q = 0; q < kQueues; ++q) {
      const bool killed = GetParam().crash == Crash::kill && !GetParam().sync_flush;
      const std::size_t promised = killed ? history.written[q] : history.flushed[q];
      EXPECT_GE(found[q].size(), promised);
      ASSERT_LE(found[q].size(), history.asked[q].size());
      EXPECT_TRUE(std::equal(found[q].begin(), found[q].end(), history.asked[q].begin()));
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Store, CrashEverywhere,
                         ::testing::Values(Case{false, Crash::kill}, Case{false, Crash::cut_power},
                                           Case{false, Crash::cut_power_keeping_some},
                                           Case{true, Crash::kill}, Case{true, Crash::cut_power},
                                           Case{true, Crash::cut_power_keeping_some},
                                           Case{false, Crash::kill, true},
                                           Case{false, Crash::cut_power_keeping_some, true},
                                           Case{true, Crash::cut_power_keeping_some, true}));

TEST_P(CrashEverywhere, LosesNothingPromisedAndInventsNothing) {
  log::set_level(log::Level::off);
  std::mt19937_64 chance(7);
  bool done = false;
  std::int64_t at = 0;
  for (; !done && !HasFatalFailure(); ++at) {
    SCOPED_TRACE(at);
    done = run(at, chance);
  }
  EXPECT_GT(at, 100) << "there are that many places to crash at";
  log::set_level(log::Level::info);
}

class Damage : public ::testing::Test {
 protected:
  /// 20 messages of 112 bytes in total below the checkpoint, 20 above, then a kill.
  Damage() {
    auto store = must_open(disk_, clock_, small_options());
    auto queue = store->queue("T", QueueId(0));
    EXPECT_TRUE(append_all(*store, *queue, numbered(20)));
    size_ = store->end().value / 20;
    store->maintain();
    EXPECT_TRUE(append_all(*store, *queue, numbered(20, 20, 20)));
    store.reset();
    disk_.kill();
  }
  std::string segment(std::int64_t base) { return "/r/commitlog/" + file_name(base); }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::int64_t size_ = 0;
};

TEST_F(Damage, InTheUnflushedTailCutsTheLogThere) {
  disk_.flip_byte(segment(0), 30 * size_ + 95);
  auto store = must_open(disk_, clock_, small_options());
  auto queue = store->queue("T", QueueId(0));
  EXPECT_EQ(bodies_of(*store, *queue), numbered(30));
  ASSERT_TRUE(append_all(*store, *queue, numbered(5, 20, 30)));
  store.reset();
  disk_.kill();
  store = must_open(disk_, clock_, small_options());
  EXPECT_EQ(bodies_of(*store, *store->queue("T", QueueId(0))), numbered(35))
      << "nothing of what was cut comes back behind the new end";
}

TEST_F(Damage, BelowTheCheckpointIsFoundWhenItIsRead) {
  disk_.flip_byte(segment(0), 10 * size_ + 95);
  auto store = must_open(disk_, clock_, small_options());
  EXPECT_EQ(store->queue("T", QueueId(0))->max(), QueueOffset(40));
  EXPECT_TRUE(store->read_record(LogPosition(9 * size_)));
  EXPECT_EQ(store->read_record(LogPosition(10 * size_)).error().code(), Errc::corrupt);
  EXPECT_EQ(store->read_record(LogPosition(11 * size_ + 4)).error().code(), Errc::corrupt);
}

TEST_F(Damage, OfAFlushedRecordStopsTheStart) {
  ASSERT_TRUE(write_checkpoint(disk_, "/r", {.indexes_below = 20 * size_, .flushed = 40 * size_}));
  disk_.flip_byte(segment(0), 30 * size_ + 95);
  const auto store = MessageStore::open(disk_, clock_, small_options());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code(), Errc::corrupt);
  EXPECT_NE(store.error().remark().find(segment(0)), std::string::npos);
}

TEST_F(Damage, OfAFlushedRecordIsPassedOverWhereThatIsAllowed) {
  ASSERT_TRUE(write_checkpoint(disk_, "/r", {.indexes_below = 20 * size_, .flushed = 40 * size_}));
  disk_.flip_byte(segment(0), 30 * size_ + 95);
  StoreOptions options = small_options();
  options.pass_over_damage = true;
  const auto store = must_open(disk_, clock_, options);
  const auto queue = store->queue("T", QueueId(0));
  EXPECT_EQ(queue->max(), QueueOffset(40));
  IndexEntry entry;
  ASSERT_EQ(*queue->read(QueueOffset(30), std::span(&entry, 1)), 1u);
  EXPECT_EQ(entry.size, kBlankEntrySize) << "no message is there";
  ASSERT_EQ(*queue->read(QueueOffset(31), std::span(&entry, 1)), 1u);
  EXPECT_EQ(entry.position, LogPosition(31 * size_));
}

TEST_F(Damage, AMissingSegmentStopsTheStart) {
  {
    auto store = must_open(disk_, clock_, small_options());
    ASSERT_TRUE(append_all(*store, *store->queue("T", QueueId(0)), numbered(100, 20, 40)));
    ASSERT_TRUE(store->close());
  }
  ASSERT_TRUE(disk_.remove(segment(testing::kSegment)));
  EXPECT_EQ(MessageStore::open(disk_, clock_, small_options()).error().code(), Errc::corrupt);
}

TEST_F(Damage, OfTheOwnCheckpointOnlyCostsALongerScan) {
  ASSERT_TRUE(disk_.remove("/r/sluice.checkpoint.bak"));
  disk_.flip_byte("/r/sluice.checkpoint", 3);
  auto store = must_open(disk_, clock_, small_options());
  EXPECT_EQ(bodies_of(*store, *store->queue("T", QueueId(0))), numbered(40));
}

/// Apache leaves the same files but for sluice.checkpoint.
class WrittenByApache : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Closed, WrittenByApache, ::testing::Bool());

TEST_P(WrittenByApache, AStoreWithoutOwnCheckpointOpens) {
  const bool closed = GetParam();
  testing::MemoryDisk disk;
  ManualClock clock;
  {
    auto store = must_open(disk, clock, small_options());
    for (int i = 0; i < 150; ++i) {
      auto queue = store->queue("T", QueueId(i % kQueues));
      ASSERT_TRUE(append_all(*store, *queue, numbered(1, 20, i / kQueues)));
      clock.advance(milliseconds(100));
      if (i == 120) store->maintain();
    }
    if (closed) ASSERT_TRUE(store->close());
  }
  disk.kill();
  ASSERT_TRUE(disk.remove("/r/sluice.checkpoint"));
  ASSERT_TRUE(disk.remove("/r/sluice.checkpoint.bak"));
  for (int round = 0; round < 2; ++round) {
    auto store = must_open(disk, clock, small_options());
    for (int q = 0; q < kQueues; ++q) {
      EXPECT_EQ(bodies_of(*store, *store->queue("T", QueueId(q))), numbered(75));
    }
    disk.kill();
  }
}

TEST(Recovery, DoesNotTrustItsCheckpointWhenAnotherBrokerHasRunSince) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  ASSERT_TRUE(
      write_checkpoint(disk, "/r", {.indexes_below = 5, .flushed = 9, .apache = {100, 90, 0}}));
  ASSERT_TRUE(*read_checkpoint(disk, "/r"));
  EXPECT_EQ((*read_checkpoint(disk, "/r"))->flushed, 9);
  std::byte later[8];
  store_be<std::int64_t>(later, 101);
  ASSERT_TRUE((*disk.open("/r/checkpoint", Disk::Open::write))->write(0, later));
  EXPECT_FALSE(*read_checkpoint(disk, "/r"));
}

TEST(Recovery, TakesTimesAndPositionsThatCannotBeForNone) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  ASSERT_TRUE(write_checkpoint(disk, "/r", {.apache = {100, -90, 0}}));
  EXPECT_EQ(*read_apache_checkpoint(disk, "/r"), (ApacheCheckpoint{100, 0, 0}));
  EXPECT_FALSE(*read_checkpoint(disk, "/r"));
  ASSERT_TRUE(disk.remove("/r/sluice.checkpoint"));
  ASSERT_TRUE(write_checkpoint(disk, "/r", {.indexes_below = -5, .flushed = 9}));
  EXPECT_FALSE(*read_checkpoint(disk, "/r"));
}

TEST(Recovery, StartsAQueueLateWhereTheLogDoes) {
  testing::MemoryDisk disk;
  ManualClock clock;
  {
    auto store = must_open(disk, clock, small_options());
    ASSERT_TRUE(append_all(*store, *store->queue("T", QueueId(0)), numbered(100)));
    clock.advance(milliseconds(5000));  // when maintenance syncs however many index files there are
    store->maintain();
    ASSERT_EQ(*store->drop_older_than(milliseconds(0), 2), 2);
    ASSERT_TRUE(store->close());
  }
  ASSERT_TRUE(disk.remove("/r/consumequeue"));
  auto store = must_open(disk, clock, small_options());
  auto queue = store->queue("T", QueueId(0));
  const std::int64_t first = queue->min().value;
  EXPECT_GT(first, 60);
  EXPECT_NE(first % 10, 0) << "in the middle of an index file, so that blanks come before it";
  EXPECT_EQ(queue->max(), QueueOffset(100));
  EXPECT_EQ(bodies_of(*store, *queue),
            numbered(static_cast<int>(100 - first), 20, static_cast<int>(first)));
}

}  // namespace
}  // namespace sluice::store
