#include "store/entry_list.h"

#include <array>
#include <set>

#include <gtest/gtest.h>

namespace sluice::store {
namespace {

IndexEntry entry_of(std::int64_t offset) {
  return {.position = LogPosition(100 * offset), .size = 100, .tags_code = offset};
}

class Entries : public ::testing::Test {
 protected:
  ~Entries() override { list_.clear(memory_); }

  /// Up to `end`, in blocks of that capacity.
  void fill(std::int64_t end, std::int64_t capacity) {
    for (; next_ < end; ++next_) {
      if (list_.full()) list_.add_block(memory_, next_, capacity);
      list_.add(entry_of(next_));
    }
  }
  std::vector<std::int64_t> offsets(std::int64_t from, std::size_t count) const {
    std::vector<IndexEntry> read(count);
    read.resize(list_.copy(from, next_, read));
    std::vector<std::int64_t> offsets;
    for (const IndexEntry& entry : read) offsets.push_back(entry.tags_code);
    return offsets;
  }
  /// Of what parts() gives, which must be without a gap.
  std::int64_t count_in_parts(std::int64_t from, std::int64_t to) const {
    std::int64_t at = from;
    for (const Bytes part : list_.parts(from, to)) {
      for (std::size_t i = 0; i < part.size(); i += kIndexEntryBytes) {
        EXPECT_EQ(decode_entry(part.data() + i).tags_code, at++);
      }
    }
    return at - from;
  }
  void cut(std::int64_t offset) {
    list_.cut(memory_, offset);
    next_ = offset;
  }

  EntryMemory memory_;
  EntryList list_;
  std::int64_t next_ = 5;
};

using Offsets = std::vector<std::int64_t>;

TEST_F(Entries, AreReadFromAnyOffsetAcrossBlocks) {
  fill(13, 1);
  fill(100, 20);
  for (std::int64_t from = 5; from < 100; ++from) {
    EXPECT_EQ(offsets(from, 3).front(), from);
    EXPECT_EQ(std::ssize(offsets(from, 1000)), 100 - from);
    EXPECT_EQ(count_in_parts(from, 100), 100 - from);
  }
  EXPECT_EQ(offsets(4, 3), Offsets()) << "not there";
  EXPECT_EQ(offsets(100, 3), Offsets());
  EXPECT_EQ(count_in_parts(7, 22), 15);
}

TEST_F(Entries, AreCutAnywhereAndAddedToAgain) {
  for (std::int64_t at = 60; at >= 5; --at) {
    fill(61, 1);
    cut(at);
    EXPECT_EQ(offsets(5, 100).size(), static_cast<std::size_t>(at - 5));
    fill(61, 20);
    EXPECT_EQ(offsets(5, 100).back(), 60);
    cut(at);
  }
}

TEST_F(Entries, AreDroppedBlockByBlockButForTheLast) {
  fill(30, 1);  // 5 to 12, 13 to 20, 21 to 28, 29
  list_.drop_below(memory_, 12);
  EXPECT_EQ(offsets(5, 1), Offsets{5}) << "12 is in use";
  list_.drop_below(memory_, 21);
  EXPECT_EQ(offsets(20, 1), Offsets());
  EXPECT_EQ(offsets(21, 2), (Offsets{21, 22}));
  list_.drop_below(memory_, 30);
  fill(31, 1);
  EXPECT_EQ(offsets(29, 5), (Offsets{29, 30}));
}

TEST(EntryMemoryTest, BlocksDoNotOverlapAndComeBack) {
  EntryMemory memory;
  std::set<EntryBlock*> first;
  for (int i = 0; i < 20'000; ++i) {
    if (i % 1000 == 0) memory.provide();
    EntryBlock* const block = memory.take(i, 1);
    std::fill(block->at(i), block->end(), std::byte{0xff});
    EXPECT_TRUE(first.insert(block).second);
  }
  for (EntryBlock* const block : first) {
    EXPECT_EQ(block->next.load(), nullptr);
    EXPECT_EQ(block->capacity, EntryMemory::kSmall);
    memory.give_back(block);
  }
  const std::int64_t bytes = memory.bytes();
  EXPECT_GE(bytes, 20'000 * EntryMemory::kSmall * kIndexEntryBytes);
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(first.contains(memory.take(i, 1)));
  EXPECT_EQ(memory.bytes(), bytes);
}

TEST(EntryMemoryTest, AChainOfBothKindsGoesBackAtOnce) {
  EntryMemory memory;
  EntryBlock* const small = memory.take(0, 1);
  EntryBlock* const large = memory.take(8, 100);
  EntryBlock* const last = memory.take(108, 8);
  small->next = large;
  large->next = last;
  memory.give_back(small);
  const std::set<EntryBlock*> again{memory.take(0, 1), memory.take(0, 1)};
  EXPECT_EQ(again, (std::set<EntryBlock*>{small, last}));
}

}  // namespace
}  // namespace sluice::store
