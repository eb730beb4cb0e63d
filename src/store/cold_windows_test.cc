#include "store/cold_windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/layout.h"
#include "store/local_store.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::append_all;
using testing::must_open;
using testing::numbered;
using testing::small_options;

/// 60 messages over several segments, written, and then read by a process that started later.
class ColdReads : public ::testing::Test {
 protected:
  ColdReads() {
    auto store = must_open(disk_, clock_, small_options());
    auto queue = store->queue("T", QueueId(0));
    EXPECT_TRUE(append_all(*store, *queue, numbered(kMessages)));
    for (int i = 0; i < kMessages; ++i) {
      EXPECT_EQ(*queue->read(QueueOffset(i), std::span(&entries_[i], 1)), 1u);
    }
    EXPECT_TRUE(store->close());
  }
  void open() { store_ = must_open(disk_, clock_, small_options()); }
  Result<std::optional<Slice>> now(int i) {
    return store_->read_now(entries_[i].position, entries_[i].size);
  }
  Result<Slice> checked(int i, bool ahead = true) {
    return store_->read_checked(entries_[i].position, entries_[i].size, ahead);
  }
  void damage(int i) {
    const std::int64_t at = entries_[i].position.value + 95;
    disk_.flip_byte("/r/commitlog/" + file_name(at / testing::kSegment * testing::kSegment),
                    at % testing::kSegment);
  }
  static std::string body_of(const Slice& slice) {
    const auto scan = wire::record::scan(slice.bytes, wire::record::CrcCheck::verify);
    EXPECT_EQ(scan.kind, wire::record::Scan::Kind::record);
    return std::string(as_text(scan.record.message.body));
  }

  static constexpr int kMessages = 60;
  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::array<IndexEntry, kMessages> entries_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(ColdReads, WhatThisProcessWroteIsServedFromMemoryWithoutACheck) {
  open();
  auto queue = store_->queue("T", QueueId(0));
  ASSERT_TRUE(append_all(*store_, *queue, numbered(1, 20, kMessages)));
  IndexEntry entry;
  ASSERT_EQ(*queue->read(QueueOffset(kMessages), std::span(&entry, 1)), 1u);
  const auto slice = store_->read_now(entry.position, entry.size);
  ASSERT_TRUE(slice && *slice);
  EXPECT_EQ(body_of(**slice), numbered(1, 20, kMessages)[0]);
}

TEST_F(ColdReads, WhatWasThereBeforeIsCheckedOnceAndThenInMemory) {
  open();
  ASSERT_TRUE(now(0));
  EXPECT_FALSE(*now(0)) << "nobody has checked it yet";
  const auto slice = checked(0);
  ASSERT_TRUE(slice) << slice.error().remark();
  EXPECT_EQ(body_of(*slice), numbered(1)[0]);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(*now(i)) << i << ": was read along";
    EXPECT_EQ(body_of(**now(i)), numbered(1, 20, i)[0]);
  }
}

TEST_F(ColdReads, WithoutReadingAheadTheRecordAloneIsBrought) {
  open();
  ASSERT_TRUE(checked(3, false));
  EXPECT_FALSE(*now(3));
  EXPECT_FALSE(*now(4));
}

TEST_F(ColdReads, DamageIsFoundNamedAndNeverServed) {
  damage(5);
  open();
  ASSERT_TRUE(checked(4));
  EXPECT_FALSE(*now(5)) << "reading along ends before the damage";
  const auto read = checked(5);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Errc::corrupt);
  EXPECT_THAT(read.error().remark(),
              ::testing::AllOf(::testing::HasSubstr("/r/commitlog/" + file_name(0)),
                               ::testing::HasSubstr(std::to_string(entries_[5].position.value))));
  EXPECT_TRUE(checked(6)) << "what is behind it is well";
}

TEST_F(ColdReads, AnEntryThatPointsIntoARecordIsDamage) {
  open();
  ASSERT_TRUE(checked(0));
  const LogPosition inside(entries_[1].position.value + 4);
  EXPECT_FALSE(*store_->read_now(inside, entries_[1].size));
  EXPECT_EQ(store_->read_checked(inside, entries_[1].size, true).error().code(), Errc::corrupt);
  EXPECT_EQ(store_->read_checked(entries_[1].position, entries_[1].size + 1, true).error().code(),
            Errc::corrupt);
}

TEST_F(ColdReads, WindowsAreBoundedAndTheirSlicesStayValid) {
  SegmentSet log(disk_, "/r/commitlog", testing::kSegment);
  ASSERT_TRUE(log.load());
  ColdWindows windows([&](std::int64_t position) { return place_in(log, position); },
                      testing::kSegment);
  const auto end = log.last_end();
  const auto load = [&](int i) {
    return *windows.load(entries_[i].position, entries_[i].size, true, end);
  };
  const Slice first = load(0);
  EXPECT_TRUE(windows.find(entries_[0].position, entries_[0].size));
  for (int i = 0; i < kMessages; ++i) load(i);
  EXPECT_FALSE(windows.find(entries_[0].position, entries_[0].size));
  EXPECT_TRUE(windows.find(entries_[kMessages - 1].position, entries_[kMessages - 1].size));
  EXPECT_EQ(body_of(first), numbered(1)[0]);
}

TEST_F(ColdReads, NothingThatIsNotInMemoryIsReadByWhoMayNotWait) {
  open();
  auto queue = store_->queue("T", QueueId(0));
  disk_.set_cold(true);
  IndexEntry entry;
  ASSERT_TRUE(queue->read_now(QueueOffset(0), std::span(&entry, 1)));
  EXPECT_FALSE(*queue->read_now(QueueOffset(0), std::span(&entry, 1)));
  EXPECT_EQ(*queue->read(QueueOffset(0), std::span(&entry, 1)), 1u);
}

}  // namespace
}  // namespace sluice::store
