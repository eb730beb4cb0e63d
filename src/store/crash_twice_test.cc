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

TEST(CrashTwice, NorIsACheckpointBelievedAgainWhoseOtherFileCouldNotBeSynced) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  ASSERT_TRUE(write_checkpoint(disk, "/r", {.flushed = 1, .apache = {.log_ms = 1}}));
  disk.fail_once(disk.changes() + 1);
  ASSERT_FALSE(write_checkpoint(disk, "/r", {.flushed = 2, .apache = {.log_ms = 2}}));
  disk.kill();
  EXPECT_FALSE(*read_checkpoint(disk, "/r")) << "Apache's file has a later time";
  ASSERT_TRUE(keep_apache_checkpoint(disk, "/r"));
  disk.cut_power();
  EXPECT_FALSE(*read_checkpoint(disk, "/r"));
}

}  // namespace
}  // namespace sluice::store
