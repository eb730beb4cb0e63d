#include <csignal>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/disk.h"
#include "store/testing/memory_disk.h"
#include "store/testing/temp_folder.h"
#include "store/text_file.h"

namespace sluice::store {
namespace {

bool any(std::string_view) { return true; }
bool good(std::string_view text) { return text.starts_with("good"); }

/// The operating system's disk and the double must agree.
class Disks : public ::testing::TestWithParam<bool> {
 protected:
  Disks() : disk_(GetParam() ? posix_disk() : std::make_unique<testing::MemoryDisk>()) {
    EXPECT_TRUE(disk_->make_folder(root_ + "/a/b"));
  }
  testing::TempFolder folder_;
  std::string root_ = folder_.path();
  std::unique_ptr<Disk> disk_;
};
INSTANTIATE_TEST_SUITE_P(Both, Disks, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Posix" : "Memory"; });

TEST_P(Disks, ReadBackWhatWasWrittenAndSeeItInAMapping) {
  auto file = *disk_->open(root_ + "/a/f", Disk::Open::create);
  ASSERT_TRUE(file->resize(8192));
  auto map = *file->map(8192);
  ASSERT_TRUE(file->write(4094, as_bytes("hello")));
  EXPECT_EQ(as_text(map->bytes().subspan(4094, 5)), "hello");
  std::byte back[16];
  EXPECT_EQ(*file->read(4094, std::span(back, 5)), 5u);
  EXPECT_EQ(as_text(std::span(back, 5)), "hello");
  EXPECT_EQ(*file->read(8190, back), 2u);
  EXPECT_EQ(*file->read(9000, back), 0u);
  EXPECT_EQ(*file->size(), 8192);
}

TEST(PosixMapping, TellsWhatIsInMemoryOfPartsThatAreThereWholeAndInPieces) {
  constexpr std::int64_t kPart = 1 << 20, kSize = 2 * kPart + 100;
  testing::TempFolder folder;
  const auto disk = posix_disk();
  auto file = *disk->open(folder.path() + "/f", Disk::Open::create);
  ASSERT_TRUE(file->resize(kSize));
  ASSERT_TRUE(file->write(0, as_bytes(std::string(kPart + 8192, 'x'))));
  const auto map = *file->map(kSize);
  EXPECT_TRUE(map->in_memory(0, kPart));
  EXPECT_TRUE(map->in_memory(kPart - 10, 20)) << "over the border of two parts";
  EXPECT_FALSE(map->in_memory(kPart + 500'000, 100)) << "nobody has touched it";
  EXPECT_FALSE(map->in_memory(0, kSize));
  ASSERT_TRUE(file->write(kPart + 500'000, as_bytes("y")));
  EXPECT_TRUE(map->in_memory(kPart + 500'000, 1)) << "a part in pieces is asked for each time";
  ASSERT_TRUE(file->write(2 * kPart, as_bytes(std::string(100, 'z'))));
  EXPECT_TRUE(map->in_memory(2 * kPart, 100)) << "the last part is short";
}

TEST(PosixDisk, AFullDeviceIsToldFromABrokenOne) {
  const auto disk = posix_disk();
  auto full = *disk->open("/dev/full", Disk::Open::write);
  EXPECT_EQ(full->write(0, as_bytes("x")).error().code(), Errc::disk_full);
  testing::TempFolder folder;
  auto unwritable = *disk->open(folder.path(), Disk::Open::read);
  EXPECT_EQ(unwritable->write(0, as_bytes("x")).error().code(), Errc::io_error);
}

/// Or a disk would seem full that df and Apache's broker find half empty.
TEST(PosixDisk, WhatIsKeptForRootCountsNeitherAsUsedNorAsFree) {
  const auto space = posix_disk()->space("/");
  ASSERT_TRUE(space);
  struct statvfs info{};
  ASSERT_EQ(::statvfs("/", &info), 0);
  const auto kept = static_cast<double>(info.f_bfree - info.f_bavail);
  const double total =
      (static_cast<double>(info.f_blocks) - kept) * static_cast<double>(info.f_frsize);
  EXPECT_NEAR(static_cast<double>(space->total), total, 1 << 30) << "others write meanwhile";
}

TEST(PosixDisk, AWriteThatTheSystemTakesAPartOfGoesOnWithTheRest) {
  testing::TempFolder folder;
  auto file = *posix_disk()->open(folder.path() + "/f", Disk::Open::create);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto done = file->write(60, as_bytes(std::string(80, 'x')));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(done) << "a part is not all of it";
  EXPECT_EQ(done.error().code(), Errc::disk_full);
  EXPECT_EQ(*file->size(), 100);
}

TEST_P(Disks, ShrinkingAndGrowingLeavesZeros) {
  auto file = *disk_->open(root_ + "/f", Disk::Open::create);
  ASSERT_TRUE(file->write(0, as_bytes("0123456789")));
  ASSERT_TRUE(file->resize(4));
  ASSERT_TRUE(file->resize(10));
  std::byte back[10];
  ASSERT_EQ(*file->read(0, back), 10u);
  EXPECT_EQ(as_text(back), std::string_view("0123\0\0\0\0\0\0", 10));
}

TEST_P(Disks, MissingFilesAreNotFoundAndMissingFoldersAreEmpty) {
  EXPECT_EQ(disk_->open(root_ + "/none", Disk::Open::read).error().code(), Errc::not_found);
  EXPECT_EQ(disk_->open(root_ + "/none", Disk::Open::write).error().code(), Errc::not_found);
  EXPECT_TRUE(disk_->list(root_ + "/none")->empty());
  EXPECT_TRUE(disk_->remove(root_ + "/none"));
}

TEST_P(Disks, ListsNamesSortedAndRemovesWholeFolders) {
  for (const char* name : {"/a/2", "/a/1", "/a/b/x"}) {
    ASSERT_TRUE(disk_->open(root_ + name, Disk::Open::create));
  }
  EXPECT_EQ(*disk_->list(root_ + "/a"), (std::vector<std::string>{"1", "2", "b"}));
  EXPECT_TRUE(disk_->sync_folder(root_ + "/a"));
  EXPECT_TRUE(disk_->sync_all(root_));
  ASSERT_TRUE(disk_->remove(root_ + "/a"));
  EXPECT_FALSE(disk_->exists(root_ + "/a/b/x"));
}

TEST_P(Disks, ALockIsExclusiveUntilItsHolderDies) {
  auto first = disk_->lock(root_ + "/lock");
  ASSERT_TRUE(first);
  EXPECT_EQ(disk_->lock(root_ + "/lock").error().code(), Errc::in_use);
  first->reset();
  EXPECT_TRUE(disk_->lock(root_ + "/lock"));
}

TEST_P(Disks, ATextFileKeepsItsOldContentAsBak) {
  const std::string path = root_ + "/a/topics.json";
  EXPECT_EQ(*read_text_file(*disk_, path, any), std::nullopt);
  ASSERT_TRUE(write_text_file(*disk_, path, "good one"));
  ASSERT_TRUE(write_text_file(*disk_, path, "bad"));
  EXPECT_EQ(**read_text_file(*disk_, path, any), "bad");
  EXPECT_EQ(**read_text_file(*disk_, path, good), "good one");
  ASSERT_TRUE(write_text_file(*disk_, path, "bad again"));
  EXPECT_EQ(**read_text_file(*disk_, path, good), "good one") << "a damaged file is no backup";
  ASSERT_TRUE(write_text_file(*disk_, path, "bad"));
  ASSERT_TRUE(write_text_file(*disk_, path, "bad"));
  EXPECT_EQ(read_text_file(*disk_, path, good).error().code(), Errc::corrupt);
}

TEST(TextFile, ACrashAtAnyMomentLeavesTheOldOrTheNewContent) {
  std::mt19937_64 chance(1);
  for (int at = 0; at < 12; ++at) {
    testing::MemoryDisk disk;
    ASSERT_TRUE(disk.make_folder("/r"));
    ASSERT_TRUE(write_text_file(disk, "/r/f", "good old, the longer one"));
    ASSERT_TRUE(write_text_file(disk, "/r/f", "good old, the longer one"));
    disk.fail_from(disk.changes() + at);
    const bool done = write_text_file(disk, "/r/f", "good new").has_value();
    disk.cut_power(&chance);
    const auto text = read_text_file(disk, "/r/f", good);
    ASSERT_TRUE(text && *text) << at;
    EXPECT_TRUE(**text == "good new" || (!done && **text == "good old, the longer one")) << **text;
  }
}

TEST(MemoryDisk, APowerCutLosesWhatWasNotSynced) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  auto file = *disk.open("/r/f", Disk::Open::create);
  ASSERT_TRUE(file->write(0, as_bytes("kept")));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(disk.sync_folder("/r"));
  ASSERT_TRUE(file->write(4, as_bytes("lost")));
  ASSERT_TRUE(disk.open("/r/unnamed", Disk::Open::create));
  disk.cut_power();
  EXPECT_FALSE(disk.exists("/r/unnamed"));
  EXPECT_EQ(*(*disk.open("/r/f", Disk::Open::read))->size(), 4);
}

TEST(MemoryDisk, AFullDiskTakesAPart) {
  testing::MemoryDisk disk;
  ASSERT_TRUE(disk.make_folder("/r"));
  auto file = *disk.open("/r/f", Disk::Open::create);
  disk.set_room(3);
  EXPECT_EQ(file->write(0, as_bytes("12345")).error().code(), Errc::disk_full);
  EXPECT_EQ(*file->size(), 3);
}

}  // namespace
}  // namespace sluice::store
