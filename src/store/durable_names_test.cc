// Files that a process made and did not come to sync the names of: the next one must, before it
// says that anything in them is safe.
#include <gtest/gtest.h>

#include "store/index_files.h"
#include "store/layout.h"
#include "store/segment.h"
#include "store/testing/memory_disk.h"

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

}  // namespace
}  // namespace sluice::store
