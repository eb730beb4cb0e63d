#include "store/log_queue.h"

#include <gtest/gtest.h>

#include "store/index_entry.h"
#include "store/testing/memory_disk.h"

namespace sluice::store {
namespace {

/// A queue's files, written entry by entry, as a start finds them.
class QueueFiles : public ::testing::Test {
 protected:
  void put(std::int64_t offset, std::int64_t position) {
    std::array<std::byte, kIndexEntryBytes> raw;
    encode_entry({.position = LogPosition(position), .size = 100}, raw.data());
    ASSERT_TRUE(files_.write(name_, offset * kIndexEntryBytes, raw));
  }
  /// Where the queue ends after a cut at that position; the log knows nothing of its entries.
  std::int64_t end_after_cut(std::int64_t position) {
    LogQueue queue(files_, log_, name_);
    EXPECT_TRUE(queue.load());
    const auto believe = [](const IndexEntry&, QueueOffset) { return true; };
    EXPECT_TRUE(queue.cut(LogPosition(position), believe));
    return queue.next().value;
  }

  testing::MemoryDisk disk_;
  SegmentSet log_{disk_, "/r/commitlog", 4096};
  IndexFiles files_{disk_, "/r/consumequeue", 10 * kIndexEntryBytes, 4};
  const IndexName name_{.serial = 1, .topic = std::make_shared<std::string>("T"), .id = QueueId(0)};
};

TEST_F(QueueFiles, KeepTheirEntriesBelowACut) {
  for (int i = 0; i < 25; ++i) put(i, 5000 + 100 * i);
  EXPECT_EQ(end_after_cut(7000), 20);
}

TEST_F(QueueFiles, EndAtATornEntryThatSeemsToLieBeforeTheOneBeforeIt) {
  for (int i = 0; i < 15; ++i) put(i, 5000 + 100 * i);
  put(15, 0);
  EXPECT_EQ(end_after_cut(7000), 15);
}

TEST_F(QueueFiles, EndAtATornFirstEntryThatNoMessageCanHave) {
  put(20, 0);
  EXPECT_EQ(end_after_cut(7000), 20);
}

}  // namespace
}  // namespace sluice::store
