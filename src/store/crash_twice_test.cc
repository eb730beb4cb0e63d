// A process that dies while it starts, or soon after a start that had another one's death to mend.
#include <random>

#include <gtest/gtest.h>

#include "base/log.h"
#include "store/checkpoint.h"
#include "store/layout.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::append_all;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::small_options;

/// A start that cuts a torn tail is killed at its change `at`. Gives whether it was over before.
bool killed_while_it_starts(std::int64_t at) {
  testing::MemoryDisk disk;
  ManualClock clock;
  {
    auto store = must_open(disk, clock, small_options());
    EXPECT_TRUE(append_all(*store, *store->queue("T", QueueId(0)), numbered(10)));
    store->maintain();
    EXPECT_TRUE(append_all(*store, *store->queue("T", QueueId(0)), numbered(10, 20, 10)));
    disk.flip_byte("/r/commitlog/" + file_name(0), store->end().value - 10);
  }
  disk.kill();
  disk.fail_from(disk.changes() + at);
  (void)MessageStore::open(disk, clock, small_options());
  const bool over = !disk.stopped();
  disk.kill();
  const auto store = must_open(disk, clock, small_options());
  if (store) EXPECT_EQ(bodies_of(*store, *store->queue("T", QueueId(0))), numbered(19));
  return over;
}

TEST(CrashTwice, AStartThatIsKilledAnywhereIsFollowedByAGoodOne) {
  log::set_level(log::Level::off);
  bool over = false;
  for (std::int64_t at = 0; !over && !::testing::Test::HasFailure(); ++at) {
    SCOPED_TRACE(at);
    over = killed_while_it_starts(at);
  }
  log::set_level(log::Level::info);
}

/// Killed at change `at` of a maintenance, started again, and then the power fails. Gives whether
/// the maintenance was over before.
bool killed_and_without_power(std::int64_t at, std::mt19937_64& chance) {
  testing::MemoryDisk disk;
  ManualClock clock;
  {
    auto store = must_open(disk, clock, small_options());
    EXPECT_TRUE(append_all(*store, *store->queue("T", QueueId(0)), numbered(60)));
    store->maintain();
    clock.advance(milliseconds(10'000));
    EXPECT_TRUE(append_all(*store, *store->queue("T", QueueId(0)), numbered(20, 20, 60)));
    store->flush_log();
    disk.fail_from(disk.changes() + at);
    store->maintain();
  }
  const bool over = !disk.stopped();
  disk.kill();
  {
    auto store = must_open(disk, clock, small_options());
    disk.fail_from(disk.changes() + static_cast<std::int64_t>(chance() % 20));
    store->maintain();
  }
  disk.cut_power(&chance);
  const auto store = must_open(disk, clock, small_options());
  EXPECT_EQ(bodies_of(*store, *store->queue("T", QueueId(0))), numbered(80)) << "killed at " << at;
  return over;
}

TEST(CrashTwice, WhatMadeItsCheckpointVoidIsThereAfterAPowerCutToo) {
  log::set_level(log::Level::off);
  std::mt19937_64 chance(1);
  bool over = false;
  for (std::int64_t at = 0; !over && !::testing::Test::HasFailure(); ++at) {
    for (int times = 0; times < 20; ++times) over = killed_and_without_power(at, chance);
  }
  log::set_level(log::Level::info);
}

/// It was void between its two files once: one kill in some tens met that, and the start read the
/// log from where Apache's times say.
TEST(CrashTwice, ACheckpointIsBelievedWhereverItsWriterDies) {
  bool over = false;
  for (std::int64_t at = 0; !over; ++at) {
    for (const bool power : {false, true}) {
      testing::MemoryDisk disk;
      ASSERT_TRUE(disk.make_folder("/r"));
      ASSERT_TRUE(write_checkpoint(disk, "/r", {.flushed = 1, .apache = {.log_ms = 1}}));
      ASSERT_TRUE(disk.sync_folder("/r"));
      disk.fail_from(disk.changes() + at);
      over = write_checkpoint(disk, "/r", {.flushed = 2, .apache = {.log_ms = 2}}).has_value();
      power ? disk.cut_power() : disk.kill();
      const auto found = read_checkpoint(disk, "/r");
      ASSERT_TRUE(found && *found) << "died at change " << at;
      const auto times = read_apache_checkpoint(disk, "/r");
      EXPECT_LE(times->log_ms, (*found)->flushed) << "never ahead of ours";
      disk.cut_power();
      EXPECT_TRUE(*read_checkpoint(disk, "/r")) << "nor is it void after another crash";
    }
  }
}

TEST(CrashTwice, NorIsACheckpointBelievedAgainBehindAnotherBrokersUnsyncedOne) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  ASSERT_TRUE(write_checkpoint(disk, "/r", {.flushed = 1, .apache = {.log_ms = 1}}));
  ASSERT_TRUE(disk.sync_folder("/r"));
  std::byte later[8];
  store_be<std::int64_t>(later, 101);
  ASSERT_TRUE((*disk.open("/r/checkpoint", Disk::Open::write))->write(0, later));
  EXPECT_FALSE(*read_checkpoint(disk, "/r")) << "Apache's file has a later time";
  ASSERT_TRUE(keep_apache_checkpoint(disk, "/r"));
  disk.cut_power();
  EXPECT_FALSE(*read_checkpoint(disk, "/r"));
}

}  // namespace
}  // namespace sluice::store
