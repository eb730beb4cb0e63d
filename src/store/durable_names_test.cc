// Files that a process made or removed and did not come to sync the names of: the next one must,
// before it says that anything in them is safe.
#include <gtest/gtest.h>

#include "store/index_files.h"
#include "store/layout.h"
#include "store/segment.h"
#include "store/testing/memory_disk.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

constexpr std::int64_t kFileBytes = 1200;

TEST(DurableNames, OfAnIndexFileThatADeadProcessMade) {
  testing::MemoryDisk disk;
  const IndexName name{.serial = 1, .topic = std::make_shared<std::string>("T"), .id = QueueId(0)};
  const std::string entry(20, 'e');
  {
    IndexFiles dead(disk, "/r/consumequeue", kFileBytes, 4);
    ASSERT_TRUE(dead.write(name, 0, as_bytes(entry)));
  }
  disk.kill();
  std::byte back[20];
  {
    IndexFiles next(disk, "/r/consumequeue", kFileBytes, 4);
    ASSERT_EQ(*next.read(name, 0, back), 20u);  // it is open from then on
    ASSERT_TRUE(next.write(name, 20, as_bytes(entry)));
    ASSERT_TRUE(next.sync());
  }
  disk.cut_power();
  IndexFiles last(disk, "/r/consumequeue", kFileBytes, 4);
  ASSERT_EQ(*last.read(name, 20, back), 20u);
  EXPECT_EQ(as_text(back), entry);
}

TEST(DurableNames, OfALogFileThatADeadProcessMade) {
  testing::MemoryDisk disk;
  const std::string folder = "/r/commitlog", path = folder + "/" + file_name(0);
  ASSERT_TRUE(disk.make_folder(folder));
  ASSERT_TRUE((*disk.open(path, Disk::Open::create))->resize(kFileBytes));
  disk.kill();
  {
    SegmentSet next(disk, folder, kFileBytes);
    ASSERT_TRUE(next.load());
    ASSERT_TRUE(next.find(0)->file().write(0, as_bytes("acknowledged")));
    ASSERT_TRUE(next.sync(0, kFileBytes));
  }
  disk.cut_power();
  EXPECT_TRUE(disk.exists(path));
}

TEST(DurableNames, ALogFileIsAsLongAsAllOfThemFromWhenItHasAName) {
  testing::MemoryDisk disk;
  const std::string folder = "/r/commitlog";
  {
    SegmentSet log(disk, folder, kFileBytes);
    ASSERT_TRUE(log.load());
    ASSERT_TRUE(log.find_or_create(0));
  }
  disk.cut_power();
  const auto file = disk.open(folder + "/" + file_name(0), Disk::Open::read);
  ASSERT_TRUE(file);
  EXPECT_EQ(*(*file)->size(), kFileBytes) << "a start refuses one that is shorter";
}

TEST(DurableNames, ADroppedLogFileDoesNotComeBackWithoutItsIndex) {
  testing::MemoryDisk disk;
  ManualClock clock;
  auto store = testing::must_open(disk, clock, testing::small_options());
  auto queue = store->queue("T", QueueId(0));
  const auto bodies = testing::numbered(101, 100);
  ASSERT_TRUE(testing::append_all(*store, *queue, {bodies.begin(), bodies.end() - 1}));
  clock.advance(milliseconds(60'000));
  store->maintain();
  ASSERT_GT(*store->drop_older_than(milliseconds(0), 10), 0);
  ASSERT_TRUE(testing::append_one(*store, *queue, bodies.back()));
  store->maintain();  // the index folders' names are durable now
  store.reset();
  disk.cut_power();
  store = testing::must_open(disk, clock, testing::small_options());
  queue = store->queue("T", QueueId(0));
  const auto left = testing::bodies_of(*store, *queue);
  EXPECT_TRUE(std::equal(left.rbegin(), left.rend(), bodies.rbegin()));
}

}  // namespace
}  // namespace sluice::store
