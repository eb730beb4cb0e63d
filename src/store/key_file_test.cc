#include "store/key_file.h"

#include <limits>

#include <gtest/gtest.h>

#include "store/testing/memory_disk.h"

namespace sluice::store {
namespace {

constexpr KeyFileShape kShape{.slots = 10, .entries = 8};
constexpr std::int64_t kBegin = 1'700'000'000'000;

class KeyFileTest : public ::testing::Test {
 protected:
  KeyFileTest() {
    EXPECT_TRUE(disk_.make_folder("/k"));
    file_ = *KeyFile::create(disk_, "/k", "20240102030405678", kShape);
    EXPECT_TRUE(disk_.sync_folder("/k"));
  }
  void reopen() {
    auto file = KeyFile::open(disk_, "/k", "20240102030405678", kShape);
    ASSERT_TRUE(file) << file.error().remark();
    file_ = std::move(*file);
  }
  /// Positions of a hash's chain, newest first.
  std::vector<std::int64_t> chain(std::int32_t hash) const {
    std::vector<std::int64_t> positions;
    for (auto at = *file_->newest(hash); at != 0; at = file_->entry(at)->previous) {
      positions.push_back(file_->entry(at)->position);
    }
    return positions;
  }

  testing::MemoryDisk disk_;
  std::shared_ptr<KeyFile> file_;
};

TEST_F(KeyFileTest, HasApachesLayout) {
  const HashedKey keys[] = {{.hash = 13, .position = 100, .store_ms = kBegin},
                            {.hash = 23, .position = 200, .store_ms = kBegin + 2999},
                            {.hash = 4, .position = 300, .store_ms = kBegin + 4000}};
  ASSERT_TRUE(file_->add(keys));
  ASSERT_TRUE(file_->flush());
  const auto raw = *disk_.open("/k/20240102030405678", Disk::Open::read);
  ASSERT_EQ(*raw->size(), 40 + 10 * 4 + 8 * 20);
  std::vector<std::byte> bytes(static_cast<std::size_t>(*raw->size()));
  ASSERT_TRUE(raw->read(0, bytes));
  const auto i64 = [&](std::size_t at) { return load_be<std::int64_t>(bytes.data() + at); };
  const auto i32 = [&](std::size_t at) { return load_be<std::int32_t>(bytes.data() + at); };
  EXPECT_EQ(i64(0), kBegin);
  EXPECT_EQ(i64(8), kBegin + 4000);
  EXPECT_EQ(i64(16), 100);
  EXPECT_EQ(i64(24), 300);
  EXPECT_EQ(i32(32), 2);          // slots 3 and 4
  EXPECT_EQ(i32(36), 4);          // the next entry
  EXPECT_EQ(i32(40 + 3 * 4), 2);  // 13 and 23 share a slot; the newest is in it
  EXPECT_EQ(i32(40 + 4 * 4), 3);
  const std::size_t second = 40 + 10 * 4 + 2 * 20;
  EXPECT_EQ(i32(second), 23);
  EXPECT_EQ(i64(second + 4), 200);
  EXPECT_EQ(i32(second + 12), 2);  // 2999 ms
  EXPECT_EQ(i32(second + 16), 1);
  EXPECT_EQ(i32(second - 20), 13);
  EXPECT_EQ(i32(second - 4), 0);
}

TEST_F(KeyFileTest, HashesLikeJavaAndNeverBelowZero) {
  EXPECT_EQ(key_hash("TopicTest#order-1"), 1'829'193'424);
  EXPECT_EQ(key_hash("polygenelubricants"), 0);  // Java: -2^31, which has no positive
  EXPECT_EQ(key_hash("Aa"), key_hash("BB"));
}

TEST_F(KeyFileTest, WalksFromTheNewestEntryToTheOldest) {
  for (int i = 0; i < 5; ++i) {
    const HashedKey key{.hash = 3 + i % 2 * 10, .position = i * 100, .store_ms = kBegin};
    ASSERT_TRUE(file_->add(std::span(&key, 1)));
  }
  EXPECT_EQ(chain(3), (std::vector<std::int64_t>{400, 300, 200, 100, 0}));
  EXPECT_EQ(chain(4), std::vector<std::int64_t>{});
  EXPECT_EQ(file_->room(), 2);
}

TEST_F(KeyFileTest, ForgetsWhatWasNotFlushedAndKeepsTheRestOfTheChain) {
  const HashedKey flushed[] = {{.hash = 3, .position = 1}, {.hash = 13, .position = 2}};
  const HashedKey lost[] = {{.hash = 23, .position = 3}, {.hash = 5, .position = 4}};
  ASSERT_TRUE(file_->add(flushed));
  ASSERT_TRUE(file_->flush());
  ASSERT_TRUE(file_->add(lost));
  disk_.kill();
  reopen();
  ASSERT_TRUE(file_->repair());
  EXPECT_EQ(file_->header().next, 3);
  EXPECT_EQ(chain(3), (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(chain(5), std::vector<std::int64_t>{});
  ASSERT_TRUE(file_->add(lost));
  EXPECT_EQ(chain(3), (std::vector<std::int64_t>{3, 2, 1}));
}

TEST_F(KeyFileTest, RefusesAHeaderThatCannotBe) {
  const HashedKey key{.hash = 3, .position = 1};
  ASSERT_TRUE(file_->add(std::span(&key, 1)));
  ASSERT_TRUE(file_->flush());
  disk_.flip_byte("/k/20240102030405678", 36);
  const auto file = KeyFile::open(disk_, "/k", "20240102030405678", kShape);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), Errc::corrupt);
}

TEST_F(KeyFileTest, RefusesABeginAtWhichNoTimeCanBeAdded) {
  const HashedKey key{
      .hash = 3, .position = 1, .store_ms = std::numeric_limits<std::int64_t>::max()};
  ASSERT_TRUE(file_->add(std::span(&key, 1)));
  ASSERT_TRUE(file_->flush());
  EXPECT_FALSE(KeyFile::open(disk_, "/k", "20240102030405678", kShape));
}

TEST_F(KeyFileTest, RefusesAFileOfAnotherShape) {
  EXPECT_FALSE(KeyFile::open(disk_, "/k", "20240102030405678", {.slots = 11, .entries = 8}));
}

}  // namespace
}  // namespace sluice::store
