#include <array>
#include <map>

#include <gtest/gtest.h>

#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using testing::must_open;
using testing::pending;
using testing::small_options;

/// A kill after every change of the disk: what is read is complete before, meanwhile and
/// afterwards.
using Newest = std::map<std::string, std::string>;

/// By key, as a reader from the start finds them; without deleted ones.
Newest newest_of(MessageStore& store) {
  Newest newest;
  const auto queue = store.queue("T", QueueId(0));
  for (QueueOffset at = queue->first_from({}); at < queue->max(); at = queue->first_from(at + 1)) {
    std::array<IndexEntry, 1> entry;
    EXPECT_EQ(queue->read(at, entry).value_or(0), 1u);
    const auto slice = store.read(entry[0].position, entry[0].size);
    EXPECT_TRUE(slice);
    const auto found = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record;
    newest[std::string(wire::record::find_property(found.message.properties, "KEYS"))] =
        as_text(found.message.body);
  }
  std::erase_if(newest, [](const auto& entry) { return entry.second.empty(); });
  return newest;
}

void put(MessageStore& store, int i, Newest& expected) {
  const std::string key = "k" + std::to_string(i % 5),
                    body = i % 11 == 0 ? "" : "v" + std::to_string(i);
  std::string properties;
  wire::record::append_property(properties, wire::record::property::kKeys, key);
  Pending one = pending(*store.queue("T", QueueId(0)), body, properties);
  ASSERT_TRUE(store.append(std::span(&one, 1)));
  expected[key] = body;
}

void compact(MessageStore& store, ManualClock& clock) {
  clock.advance(milliseconds(5));
  while (store.compact(1 << 20)) {
  }
}

/// A power cut after every change of the disk: what is read is complete whatever was done by then.
TEST(CompactionCrash, KeepsTheNewestOfEachKeyWhereverItDies) {
  auto options = small_options();
  options.compact_every = milliseconds(1);
  bool survived = false;
  for (std::int64_t die = 0; !survived; ++die) {
    testing::MemoryDisk disk;
    ManualClock clock;
    auto store = must_open(disk, clock, options);
    store->compact_topic("T");
    Newest expected;
    for (int i = 0; i < 40; ++i) put(*store, i, expected);
    store->maintain();
    (void)store->compact(1);
    compact(*store, clock);
    for (int i = 40; i < 90; ++i) put(*store, i, expected);
    store->maintain();
    std::erase_if(expected, [](const auto& entry) { return entry.second.empty(); });
    const std::int64_t before = disk.changes();
    disk.fail_from(before + die);
    compact(*store, clock);
    survived = disk.changes() <= before + die;
    store.reset();
    disk.cut_power();
    store = must_open(disk, clock, options);
    ASSERT_TRUE(store);
    EXPECT_EQ(newest_of(*store), expected) << "died at change " << die;
    ASSERT_LT(die, 100);
  }
}

}  // namespace
}  // namespace sluice::store
