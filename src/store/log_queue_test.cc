#include "store/log_queue.h"

#include <atomic>
#include <mutex>
#include <thread>

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
    LogQueue queue(files_, log_, memory_, name_);
    EXPECT_TRUE(queue.load());
    const auto believe = [](const IndexEntry&, QueueOffset) { return true; };
    EXPECT_TRUE(queue.cut(LogPosition(position), believe));
    return queue.next().value;
  }

  testing::MemoryDisk disk_;
  SegmentSet log_{disk_, "/r/commitlog", 4096};
  IndexFiles files_{disk_, "/r/consumequeue", 10 * kIndexEntryBytes, 4};
  const std::shared_ptr<EntryMemory> memory_ = std::make_shared<EntryMemory>();
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

IndexEntry entry_of(std::int64_t offset) {
  return {.position = LogPosition(5000 + 100 * offset), .size = 100, .tags_code = offset};
}

bool is_entry_of(std::int64_t offset, const IndexEntry& found) {
  const IndexEntry expected = entry_of(offset);
  return found.position == expected.position && found.size == expected.size &&
         found.tags_code == expected.tags_code;
}

/// What waits in memory for the files, and who is told of it.
class QueueMemory : public QueueFiles {
 protected:
  bool push() { return queue_.push(entry_of(queue_.next().value)); }
  void write_all() { ASSERT_TRUE(queue_.write_below(LogPosition(1 << 30))); }

  LogQueue queue_{files_, log_, memory_, name_};
};

TEST_F(QueueMemory, TellsOfTheFirstEntryAndOfManyAndAgainWhenTheyAreWritten) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 2 * LogQueue::kWorthAWrite; ++i) {
      EXPECT_EQ(push(), (round == 0 && i == 0) || i == LogQueue::kWorthAWrite - 1) << round << i;
    }
    write_all();
  }
}

TEST_F(QueueMemory, TellsOfManyOnceWhileTheyCannotBeWritten) {
  for (int i = 0; i < LogQueue::kWorthAWrite; ++i) push();
  ASSERT_TRUE(queue_.write_below(LogPosition(0)));
  EXPECT_FALSE(push());
  queue_.take_back(entry_of(1).position);
  queue_.note_few();
  for (int i = 2; i < LogQueue::kWorthAWrite; ++i) EXPECT_FALSE(push());
  EXPECT_TRUE(push());
}

TEST_F(QueueMemory, IsNotLetGoWithAnEntryThatIsInNoFileAndTellsOfTheNextOneAfterwards) {
  EXPECT_TRUE(push());
  EXPECT_FALSE(queue_.let_go());
  EXPECT_FALSE(push());
  write_all();
  EXPECT_TRUE(queue_.let_go());
  EXPECT_TRUE(push());
}

TEST_F(QueueMemory, TakesBackWhatIsBehindAPositionAcrossItsPieces) {
  for (int i = 0; i < 5; ++i) push();
  write_all();
  for (int i = 0; i < 100; ++i) push();
  queue_.take_back(entry_of(37).position);
  EXPECT_EQ(queue_.next(), QueueOffset(37));
  queue_.take_back(entry_of(0).position);
  EXPECT_EQ(queue_.next(), QueueOffset(5)) << "what is in the files stays";
  for (int i = 0; i < 100; ++i) push();
  queue_.publish(queue_.next());
  std::array<IndexEntry, 105> read;
  ASSERT_EQ(*queue_.read(QueueOffset(0), read), read.size());
  for (int i = 0; i < 105; ++i) EXPECT_TRUE(is_entry_of(i, read[static_cast<std::size_t>(i)])) << i;
}

/// As the store does it: one appends, the maintenance writes and lets go, somebody reads.
TEST_F(QueueMemory, EntriesAreWholeWhileOthersAreAddedWrittenAndLetGo) {
  constexpr std::int64_t kEntries = 30'000;
  std::mutex tail;
  std::atomic<std::int64_t> told{0};
  std::jthread appends([&] {
    for (std::int64_t i = 0; i < kEntries; ++i) {
      const std::lock_guard guard(tail);
      if (push()) ++told;
      queue_.publish(queue_.next());
    }
  });
  std::jthread maintenance([&](const std::stop_token& stop) {
    std::int64_t taken = 0;
    while (!stop.stop_requested() || queue_.unwritten().count > 0) {
      if (told.exchange(0) == 0 && queue_.unwritten().count == 0) continue;
      write_all();
      const std::lock_guard guard(tail);
      taken += queue_.let_go() ? 1 : 0;
    }
    EXPECT_GT(taken, 0);
  });
  for (std::int64_t at = 0; at < kEntries;) {
    std::array<IndexEntry, 64> read;
    const auto count = queue_.read(QueueOffset(at), read);
    ASSERT_TRUE(count);
    for (std::size_t i = 0; i < *count; ++i) ASSERT_TRUE(is_entry_of(at++, read[i]));
  }
  maintenance.request_stop();
}

}  // namespace
}  // namespace sluice::store
