#include "store/compacted.h"

#include <gtest/gtest.h>

#include "store/newest_keys.h"
#include "store/testing/memory_disk.h"

namespace sluice::store {
namespace {

constexpr const char* kFolder = "/c/T/0";
constexpr int kRows = 20;

void write(testing::MemoryDisk& disk, std::int64_t upto) {
  auto writer = CompactedWriter::start(disk, kFolder, QueueOffset(upto));
  ASSERT_TRUE(writer);
  for (int i = 0; i < kRows; ++i) {
    const std::string record = "record " + std::to_string(i);
    ASSERT_TRUE((*writer)->add(
        {.offset = QueueOffset(3 * i), .tags_code = i, .key = {1, static_cast<std::uint64_t>(i)}},
        as_bytes(record)));
  }
  ASSERT_TRUE((*writer)->commit());
}

TEST(CompactedFiles, SayWhatWasWritten) {
  testing::MemoryDisk disk;
  EXPECT_EQ(*Compacted::open(disk, kFolder, 1), nullptr);
  write(disk, 60);
  const auto found = Compacted::open(disk, kFolder, 7);
  ASSERT_TRUE(found);
  const Compacted& kept = **found;
  EXPECT_EQ(kept.upto(), QueueOffset(60));
  ASSERT_EQ(kept.count(), kRows);
  for (int i = 0; i < kRows; ++i) {
    const auto row = kept.row(i);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->offset, QueueOffset(3 * i));
    EXPECT_EQ(row->tags_code, i);
    const LogPosition position = kept.position_of(*row);
    EXPECT_TRUE(is_compacted(position));
    EXPECT_EQ(compacted_id(position), 7u);
    const auto bytes = kept.read(compacted_byte(position), row->size);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(as_text(*bytes), "record " + std::to_string(i));
  }
  EXPECT_EQ(kept.find(QueueOffset(0)), 0);
  EXPECT_EQ(kept.find(QueueOffset(1)), 1);
  EXPECT_EQ(kept.find(QueueOffset(57)), 19);
  EXPECT_EQ(kept.find(QueueOffset(58)), kRows);
  EXPECT_FALSE(kept.row(kRows));
  EXPECT_FALSE(kept.read(kept.bytes() - 1, 2));
  EXPECT_FALSE(kept.read(-1, 1));
}

TEST(CompactedFiles, TheNewOnesReplaceTheOldAndNothingElseStays) {
  testing::MemoryDisk disk;
  write(disk, 60);
  const auto before = *Compacted::open(disk, kFolder, 1);
  write(disk, 90);
  EXPECT_EQ((*Compacted::open(disk, kFolder, 1))->upto(), QueueOffset(90));
  EXPECT_EQ(disk.list(kFolder)->size(), 2u);
  EXPECT_TRUE(before->read(0, 6)) << "who reads the old ones still can";
  ASSERT_TRUE(CompactedWriter::start(disk, kFolder, QueueOffset(120)));
  EXPECT_EQ(disk.list(kFolder)->size(), 4u);
  ASSERT_TRUE(remove_leftovers(disk, kFolder));
  EXPECT_EQ(disk.list(kFolder)->size(), 2u);
  EXPECT_EQ((*Compacted::open(disk, kFolder, 1))->upto(), QueueOffset(90));
}

TEST(CompactedFiles, EveryFlippedByteOfTheTableIsNoticed) {
  testing::MemoryDisk whole;
  write(whole, 60);
  const std::string path = std::string(kFolder) + "/table";
  const auto size = *(*whole.open(path, Disk::Open::read))->size();
  for (std::int64_t at = 0; at < size; ++at) {
    testing::MemoryDisk disk;
    write(disk, 60);
    disk.flip_byte(path, at);
    const auto found = Compacted::open(disk, kFolder, 1);
    int damaged = 0;
    for (int i = 0; found && i < kRows; ++i) damaged += (*found)->row(i) ? 0 : 1;
    EXPECT_TRUE(!found || damaged == 1) << "byte " << at;
  }
}

TEST(CompactedFiles, ATableOrRecordsThatAreCutAreRefused) {
  for (const char* name : {"/table", "/00000000000000000060.records"}) {
    testing::MemoryDisk disk;
    write(disk, 60);
    const std::string path = std::string(kFolder) + name;
    auto file = disk.open(path, Disk::Open::write);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->resize(10));
    const auto found = Compacted::open(disk, kFolder, 1);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code(), Errc::corrupt);
    EXPECT_NE(found.error().remark().find(path), std::string_view::npos);
  }
}

TEST(CompactedKeys, AreTheWholeOfKeys) {
  const auto key = [](std::string_view keys) {
    std::string text = "a\x01x\x02";
    text.append("KEYS\x01").append(keys).append(1, '\x02');
    return key_of(text);
  };
  EXPECT_FALSE(key(""));
  EXPECT_FALSE(key("  "));
  EXPECT_TRUE(key("k"));
  EXPECT_EQ(key("k l"), key("k l"));
  EXPECT_NE(key("k l"), key("l k"));
}

TEST(NewestKeys, KeepTheLastOffsetOfABoundedNumberOfKeys) {
  NewestKeys keys(64 * 24);
  int taken = 0;
  while (taken < 1000 && keys.note({5, static_cast<std::uint64_t>(taken)}, QueueOffset(taken))) {
    ++taken;
  }
  EXPECT_EQ(taken, 48);
  EXPECT_TRUE(keys.note({5, 7}, QueueOffset(1000)));
  EXPECT_EQ(keys.find({5, 7}), QueueOffset(1000));
  EXPECT_EQ(keys.find({5, 8}), QueueOffset(8));
  EXPECT_FALSE(keys.find({5, 48}));
}

}  // namespace
}  // namespace sluice::store
