#include <gtest/gtest.h>

#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::append_one;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::small_options;

constexpr int kMessages = 60;

std::unique_ptr<MessageStore> open(testing::MemoryDisk& disk, ManualClock& clock) {
  auto store = must_open(disk, clock, small_options());
  if (store) store->retain_topic("K", TopicRetention{});
  return store;
}

void put(MessageStore& store, int from) {
  for (const std::string& body : numbered(kMessages, 60, from)) {
    ASSERT_TRUE(append_one(store, *store.queue("K", QueueId(0)), body));
    ASSERT_TRUE(append_one(store, *store.queue("L", QueueId(0)), body));
  }
}

/// As the upkeep does it, until nothing more goes. What fails is tried again.
void drop(MessageStore& store, ManualClock& clock) {
  store.maintain();
  clock.advance(milliseconds(20'000));
  store.maintain();
  const Retention rules{.keep = milliseconds(1), .hours = ~0U};
  for (int round = 0; round < 12; ++round) {
    static_cast<void>(store.apply(rules, 0, 10));
    while (store.compact(1 << 20)) {
    }
  }
}

/// What a topic keeps beside the log is complete whatever was done when the power was cut: before
/// its copies are whole the log has the messages, and parts that were taken into a larger one are
/// either all there or not asked for.
TEST(KeeperCrash, AllMessagesAreThereWhereverItDies) {
  for (const bool power : {false, true}) {
    bool survived = false;
    for (std::int64_t die = 0; !survived; ++die) {
      testing::MemoryDisk disk;
      ManualClock clock;
      auto store = open(disk, clock);
      put(*store, 0);
      drop(*store, clock);
      put(*store, kMessages);
      store->maintain();
      ASSERT_EQ(store->flushed(), store->end());
      disk.fail_from(disk.changes() + die);
      drop(*store, clock);
      survived = !disk.stopped();
      store.reset();
      power ? disk.cut_power() : disk.kill();
      store = open(disk, clock);
      ASSERT_TRUE(store) << "died at change " << die;
      const auto queue = store->queue("K", QueueId(0));
      EXPECT_EQ(bodies_of(*store, *queue), numbered(2 * kMessages, 60)) << "at change " << die;
      drop(*store, clock);
      EXPECT_EQ(bodies_of(*store, *queue), numbered(2 * kMessages, 60))
          << "and later, at change " << die;
      store.reset();
      disk.cut_power();
      store = open(disk, clock);
      ASSERT_TRUE(store) << "and power cut";
      EXPECT_EQ(bodies_of(*store, *store->queue("K", QueueId(0))), numbered(2 * kMessages, 60))
          << "what the process before did not come to sync, at change " << die;
      ASSERT_LT(die, 1000);
    }
  }
}

}  // namespace
}  // namespace sluice::store
