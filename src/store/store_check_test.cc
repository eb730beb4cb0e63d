#include "store/store_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/index_entry.h"
#include "store/layout.h"
#include "store/store_repair.h"
#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using testing::append_all;
using ::testing::HasSubstr;
using testing::must_open;
using testing::numbered;
using testing::small_options;

/// A store of 40 messages in each of two queues, closed.
class OfflineWork : public ::testing::Test {
 protected:
  static constexpr int kMessages = 40;
  OfflineWork() {
    auto store = must_open(disk_, clock_, small_options());
    for (int i = 0; i < kMessages; ++i) {
      for (int q = 0; q < 2; ++q) {
        const auto queue = store->queue("T", QueueId(q));
        EXPECT_TRUE(append_all(*store, *queue, numbered(1, 60, i)));
      }
    }
    for (int i = 0; i < kMessages; ++i) {
      EXPECT_EQ(*store->queue("T", QueueId(0))->read(QueueOffset(i), std::span(&entries_[i], 1)),
                1u);
    }
    EXPECT_TRUE(store->close());
  }
  StoreReport check() {
    auto store = OfflineStore::open(disk_, "/r");
    EXPECT_TRUE(store) << store.error().remark();
    auto report = verify(**store, {});
    EXPECT_TRUE(report) << report.error().remark();
    return *report;
  }
  Repair mend() {
    auto store = OfflineStore::open(disk_, "/r");
    const auto report = verify(**store, {});
    const auto tags = [](const wire::record::Decoded& found) {
      return wire::record::tags_code(
          wire::record::find_property(found.message.properties, wire::record::property::kTags));
    };
    auto done = repair(**store, *report, tags);
    EXPECT_TRUE(done) << done.error().remark();
    return *done;
  }
  void damage_log(std::int64_t at) {
    disk_.flip_byte("/r/commitlog/" + file_name(at / testing::kSegment * testing::kSegment),
                    at % testing::kSegment);
  }
  void damage_index(std::int64_t offset, std::int64_t byte) {
    disk_.flip_byte("/r/consumequeue/T/0/" + file_name(offset / 10 * 200), offset % 10 * 20 + byte);
  }
  /// What a broker serves afterwards; an empty text where the queue has no message.
  std::vector<std::string> served() {
    auto store = must_open(disk_, clock_, small_options());
    const auto queue = store->queue("T", QueueId(0));
    std::vector<std::string> bodies;
    for (QueueOffset at = queue->min(); at < queue->max(); at += 1) {
      IndexEntry entry;
      EXPECT_EQ(*queue->read(at, std::span(&entry, 1)), 1u);
      if (entry.size == kBlankEntrySize) {
        bodies.emplace_back();
        continue;
      }
      const auto slice = store->read_checked(entry.position, entry.size, true);
      EXPECT_TRUE(slice) << slice.error().remark();
      if (!slice) return bodies;
      const auto scan = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify);
      bodies.emplace_back(as_text(scan.record.message.body));
    }
    EXPECT_TRUE(store->close());
    return bodies;
  }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::array<IndexEntry, kMessages> entries_;
};

TEST_F(OfflineWork, AWholeStoreIsGoodAndItsMessagesAreCounted) {
  const StoreReport report = check();
  EXPECT_TRUE(report.good());
  EXPECT_EQ(report.records, 2 * kMessages);
  EXPECT_EQ(report.messages, 2 * kMessages);
  EXPECT_EQ(report.queues, 2);
  EXPECT_EQ(report.unindexed, 0);
  EXPECT_EQ(report.tail, "");
  const Repair nothing = mend();
  EXPECT_TRUE(nothing.done.empty());
  EXPECT_EQ(nothing.copies, "");
}

TEST_F(OfflineWork, ADamagedMessageIsNamedAndRepairedAsLost) {
  damage_log(entries_[7].position.value + 95);
  const StoreReport report = check();
  ASSERT_EQ(report.log_damage.size(), 1u);
  EXPECT_EQ(report.log_damage[0].from, entries_[7].position.value);
  EXPECT_EQ(report.log_damage[0].to, entries_[7].position.value + entries_[7].size);
  EXPECT_THAT(report.log_damage[0].file, HasSubstr(file_name(0)));
  ASSERT_EQ(report.index_damage.size(), 1u) << "its entry has no message";
  EXPECT_EQ(report.index_damage[0].offset, QueueOffset(7));

  EXPECT_EQ(mend().copies, "/r/damaged");
  EXPECT_TRUE(check().good());
  auto expected = numbered(kMessages, 60);
  expected[7].clear();
  EXPECT_EQ(served(), expected);
  const std::string name =
      fmt::format("/r/damaged/commitlog-{:020d}-{}", entries_[7].position.value, entries_[7].size);
  EXPECT_TRUE(disk_.exists(name)) << "what could not be read is kept";
}

TEST_F(OfflineWork, WhereMessagesWereLostTheQueueStillBeginsWhereItBegan) {
  for (const int lost : {20, 10, 39, 0}) {
    damage_log(entries_[lost].position.value + 95);
    mend();
    EXPECT_TRUE(check().good()) << lost;
  }
  auto expected = numbered(kMessages, 60);
  for (const int lost : {20, 10, 39, 0}) expected[lost].clear();
  EXPECT_EQ(served(), expected);
}

TEST_F(OfflineWork, ADamagedSizeOfARecordIsPassedOverToTheNextOne) {
  damage_log(entries_[7].position.value + 2);
  const StoreReport report = check();
  ASSERT_EQ(report.log_damage.size(), 1u);
  EXPECT_EQ(report.log_damage[0].to, entries_[7].position.value + entries_[7].size);
  mend();
  EXPECT_TRUE(check().good());
}

TEST_F(OfflineWork, DamageThatRunsOverTheEndOfAFileIsFilledInBoth) {
  int last = 0;  // of the first file
  while (entries_[last + 1].position.value < testing::kSegment) ++last;
  for (std::int64_t at = entries_[last].position.value + 2; at < testing::kSegment; at += 4) {
    damage_log(at);
  }
  damage_log(testing::kSegment + 5);
  const StoreReport report = check();
  ASSERT_EQ(report.log_damage.size(), 1u);
  EXPECT_GT(report.log_damage[0].to, testing::kSegment);
  mend();
  EXPECT_TRUE(check().good());
}

TEST_F(OfflineWork, DamagedIndexEntriesAreWrittenAnewFromTheLog) {
  damage_index(3, 7);
  damage_index(12, 0);
  damage_index(12, 11);
  const StoreReport report = check();
  EXPECT_TRUE(report.log_damage.empty());
  ASSERT_EQ(report.index_damage.size(), 1u);
  EXPECT_EQ(report.index_damage[0].topic, "T");
  EXPECT_GE(report.index_damage[0].count, 2);
  mend();
  EXPECT_TRUE(check().good());
  EXPECT_EQ(served(), numbered(kMessages, 60));
}

TEST_F(OfflineWork, TwoMessagesOfOneOffsetAreNamedAndNeitherIsThrownAway) {
  constexpr std::int64_t kOffsetAt = 27;  // in a record, the last byte of its offset
  std::array<std::byte, 1> seven{std::byte{7}};
  auto file = *disk_.open("/r/commitlog/" + file_name(0), Disk::Open::write);
  ASSERT_TRUE(file->write(entries_[3].position.value + kOffsetAt, seven));
  mend();
  const StoreReport report = check();
  EXPECT_TRUE(report.index_damage.empty());
  ASSERT_EQ(report.other.size(), 1u);
  EXPECT_THAT(report.other[0], HasSubstr("two messages say that they are 7 of T-0"));
  EXPECT_EQ(served(), numbered(kMessages, 60));
}

TEST_F(OfflineWork, AFirstEntryThatSeemsToLieBelowTheLogIsWrittenAnewToo) {
  damage_index(0, 0);
  mend();
  EXPECT_TRUE(check().good());
  EXPECT_EQ(served(), numbered(kMessages, 60));
}

TEST_F(OfflineWork, AnIndexFileThatWasCutShortDoesNotSayHowLargeTheOthersAre) {
  ASSERT_TRUE((*disk_.open("/r/consumequeue/T/0/" + file_name(0), Disk::Open::write))->resize(40));
  const StoreReport report = check();
  ASSERT_EQ(report.index_damage.size(), 1u);
  EXPECT_EQ(report.index_damage[0].offset, QueueOffset(2));
  EXPECT_EQ(report.index_damage[0].count, 8);
  mend();
  EXPECT_TRUE(check().good());
  EXPECT_EQ(served(), numbered(kMessages, 60));
}

TEST_F(OfflineWork, ARunningBrokerKeepsItAway) {
  auto store = must_open(disk_, clock_, small_options());
  EXPECT_EQ(OfflineStore::open(disk_, "/r").error().code(), Errc::in_use);
}

TEST_F(OfflineWork, AFolderWithoutALogIsNoStore) {
  EXPECT_EQ(OfflineStore::open(disk_, "/elsewhere").error().code(), Errc::not_found);
}

TEST_F(OfflineWork, AStoreThatWasKilledHasATailToIndexAndIsGood) {
  {
    auto store = must_open(disk_, clock_, small_options());
    EXPECT_TRUE(append_all(*store, *store->queue("T", QueueId(0)), numbered(5)));
  }
  disk_.kill();
  const StoreReport report = check();
  EXPECT_TRUE(report.good());
  EXPECT_EQ(report.unindexed, 5);
}

TEST_F(OfflineWork, OfEntriesThatAreInTheQueueTableAloneALostOneIsMendedToo) {
  StoreOptions options = small_options();
  options.few_queues = 0;
  std::int64_t lost = 0;
  {
    auto store = must_open(disk_, clock_, options);
    const auto queue = store->queue("T", QueueId(0));
    ASSERT_TRUE(append_all(*store, *queue, numbered(3, 60, kMessages)));
    IndexEntry entry;
    ASSERT_EQ(*queue->read(QueueOffset(kMessages + 1), std::span(&entry, 1)), 1u);
    lost = entry.position.value;
    clock_.advance(milliseconds(6000));
    store->maintain();
  }
  disk_.kill();
  EXPECT_TRUE(check().good());
  EXPECT_EQ(check().unindexed, 3);
  damage_log(lost + 95);
  EXPECT_EQ(mend().copies, "/r/damaged");
  EXPECT_TRUE(check().good());
  auto expected = numbered(kMessages + 3, 60);
  expected[kMessages + 1].clear();
  EXPECT_EQ(served(), expected);
}

}  // namespace
}  // namespace sluice::store
