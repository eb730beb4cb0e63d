#include "store/key_slots.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>

#include "store/testing/memory_disk.h"

namespace sluice::store {
namespace {

constexpr std::int64_t kAt = 40;
constexpr std::int32_t kCount = 5'000;  // four pages and a part of one

class KeySlotsTest : public ::testing::Test {
 protected:
  KeySlotsTest() {
    EXPECT_TRUE(disk_.make_folder("/k"));
    file_ = *disk_.open("/k/file", Disk::Open::create);
    EXPECT_TRUE(file_->resize(kAt + std::int64_t{kCount} * 4 + 7));
  }
  std::int32_t in_file(std::int32_t slot) const {
    std::array<std::byte, 4> raw{};
    EXPECT_TRUE(file_->read(kAt + slot * 4, raw));
    return load_be<std::int32_t>(raw.data());
  }

  testing::MemoryDisk disk_;
  std::unique_ptr<File> file_;
};

TEST_F(KeySlotsTest, ChangesReachTheFileWhenTheyAreWrittenBack) {
  KeySlots slots(*file_, kAt, kCount);
  for (const std::int32_t slot : {0, 1, 1023, 1024, 4095, 4999}) {
    EXPECT_EQ(*slots.exchange(slot, slot + 7), 0);
    EXPECT_EQ(*slots.exchange(slot, slot + 8), slot + 7);
    EXPECT_EQ(*slots.get(slot), slot + 8);
    EXPECT_EQ(in_file(slot), 0);
  }
  ASSERT_TRUE(slots.write_back());
  for (const std::int32_t slot : {0, 1, 1023, 1024, 4095, 4999}) EXPECT_EQ(in_file(slot), slot + 8);
  EXPECT_EQ(in_file(2), 0);
  EXPECT_EQ(*file_->size(), kAt + std::int64_t{kCount} * 4 + 7);
}

TEST_F(KeySlotsTest, GoesOnFromTheFile) {
  {
    KeySlots slots(*file_, kAt, kCount);
    ASSERT_TRUE(slots.exchange(1500, 3));
    ASSERT_TRUE(slots.write_back());
    ASSERT_TRUE(slots.write_back());  // nothing has changed: the memory is given back
    EXPECT_EQ(*slots.get(1500), 3);
    EXPECT_EQ(*slots.exchange(1500, 4), 3);
  }
  KeySlots again(*file_, kAt, kCount);
  EXPECT_EQ(*again.get(1500), 3);  // what was not written back is lost
  EXPECT_EQ(*again.exchange(1501, 5), 0);
  ASSERT_TRUE(again.write_back());
  EXPECT_EQ(in_file(1500), 3);
  EXPECT_EQ(in_file(1501), 5);
}

}  // namespace
}  // namespace sluice::store
