#include "store/torn_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/layout.h"
#include "store/store_check.h"
#include "store/store_repair.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::bodies_of;
using ::testing::HasSubstr;
using testing::must_open;
using testing::pending;
using testing::small_options;

TEST(TornPieces, EndTheLogAtAStart) {
  const std::string properties = "a\x01" + std::string(30, '\0') + std::string(200, 'p') + "\x02";
  testing::MemoryDisk disk;
  ManualClock clock;
  const auto bodies = [&] {
    const auto store = must_open(disk, clock, small_options());
    return bodies_of(*store, *store->queue("T", QueueId(0)));
  };
  std::int64_t end_of_torn = 0;
  {
    const auto store = must_open(disk, clock, small_options());
    const auto queue = store->queue("T", QueueId(0));
    for (const std::string_view body : {"whole", "torn", "behind it"}) {
      Pending one = pending(*queue, body, properties);
      const auto end = store->append(std::span(&one, 1));
      ASSERT_TRUE(end);
      if (body == "torn") end_of_torn = end->value;
    }
  }
  disk.kill();
  EXPECT_EQ(bodies().size(), 3u) << "zeros that a client sent are no damage";
  disk.kill();
  const std::int64_t piece = end_of_torn / 64 * 64 - 64;
  const auto file = *disk.open("/r/commitlog/" + file_name(0), Disk::Open::write);
  ASSERT_TRUE(file->write(piece, as_bytes(std::string(64, '\0'))));
  EXPECT_EQ(bodies(), std::vector<std::string>{"whole"});
}

/// Messages with a second between them; after the one with zeros come `behind` others, then a kill.
class TornProperties : public ::testing::Test {
 protected:
  void write(int behind, bool close = false) {
    const std::string plain = "a\x01" + std::string(200, 'p') + "\x02";
    const std::string zeros = "a\x01" + std::string(200, '\0') + "z\x02";
    const auto store = must_open(disk_, clock_, small_options());
    for (int i = 0; i < 2 + behind; ++i) {
      const auto queue = store->queue("T", QueueId(0));
      Pending one = pending(*queue, i == 1 ? "zeros" : "plain", i == 1 ? zeros : plain);
      ASSERT_TRUE(store->append(std::span(&one, 1)));
      clock_.advance(milliseconds(1000));
    }
    if (close) ASSERT_TRUE(store->close());
  }
  /// A store that Apache's broker wrote: its checkpoint's time is `log_ms` after the first message.
  void forget_own_checkpoint(std::int64_t log_ms) {
    disk_.kill();
    for (const char* name : {"/r/sluice.checkpoint", "/r/sluice.checkpoint.bak"}) {
      if (disk_.exists(name)) ASSERT_TRUE(disk_.remove(name));
    }
    std::array<std::byte, 8> raw;
    store_be(raw.data(), start_ms_ + log_ms);
    auto file = *disk_.open("/r/checkpoint", Disk::Open::create);
    ASSERT_TRUE(file->write(0, raw));
  }
  std::size_t messages() {
    const auto store = must_open(disk_, clock_, small_options());
    return bodies_of(*store, *store->queue("T", QueueId(0))).size();
  }
  StoreReport check() { return *verify(**OfflineStore::open(disk_, "/r"), {}); }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  const std::int64_t start_ms_ = unix_ms(clock_.wall());
};

TEST_F(TornProperties, WithoutOurCheckpointEndTheLogToo) {
  write(5);
  forget_own_checkpoint(0);
  const StoreReport report = check();
  ASSERT_EQ(report.log_damage.size(), 1u);
  EXPECT_THAT(report.log_damage[0].problem, HasSubstr("properties"));
  EXPECT_EQ(messages(), 1u);
}

TEST_F(TornProperties, AreNoneOfWhatApachesCheckpointSaysIsFlushed) {
  write(5);
  forget_own_checkpoint(4000);
  EXPECT_TRUE(check().good());
  EXPECT_EQ(messages(), 7u);
}

TEST_F(TornProperties, MayBeOfWhatIsWithinTheMarginOfApachesCheckpoint) {
  write(5);
  forget_own_checkpoint(3999);
  EXPECT_EQ(messages(), 1u);
}

TEST_F(TornProperties, MayBeOfARecordThatAClockSetBackMakesSeemFlushed) {
  clock_.advance(milliseconds(10'000));
  {
    const auto store = must_open(disk_, clock_, small_options());
    ASSERT_TRUE(testing::append_one(*store, *store->queue("T", QueueId(0)), "before"));
  }
  disk_.kill();
  clock_.advance(milliseconds(-10'000));
  write(5);
  forget_own_checkpoint(4000);
  EXPECT_EQ(messages(), 2u);
}

TEST_F(TornProperties, AreNoneOfWhatHasWholeRecordsLongBehindIt) {
  write(60);
  forget_own_checkpoint(0);
  EXPECT_TRUE(check().good());
  EXPECT_EQ(messages(), 62u);
}

TEST_F(TornProperties, AreNoneOfAStoreThatWasClosed) {
  write(5, true);
  forget_own_checkpoint(0);
  EXPECT_TRUE(check().good());
  EXPECT_EQ(messages(), 7u);
}

TEST_F(TornProperties, AreNoDamageBelowWhatWasFlushed) {
  write(5, true);
  ASSERT_NO_FATAL_FAILURE(write(5));
  disk_.kill();
  const StoreReport report = check();
  ASSERT_EQ(report.log_damage.size(), 1u) << "the later one alone";
  EXPECT_THAT(report.log_damage[0].problem, HasSubstr("a start ends the log there"));
  EXPECT_EQ(messages(), 8u);
}

TEST_F(TornProperties, AreRepairedAsALostMessageThatEndsNothing) {
  write(5);
  disk_.kill();
  const auto tags = [](const wire::record::Decoded&) { return std::int64_t{0}; };
  {
    const auto store = OfflineStore::open(disk_, "/r");
    ASSERT_TRUE(repair(**store, *verify(**store, {}), tags));
  }
  EXPECT_TRUE(check().good());
  const auto store = must_open(disk_, clock_, small_options());
  const auto queue = store->queue("T", QueueId(0));
  EXPECT_EQ(queue->max(), QueueOffset(7));
  IndexEntry entry;
  ASSERT_EQ(*queue->read(QueueOffset(1), std::span(&entry, 1)), 1u);
  EXPECT_EQ(entry.size, kBlankEntrySize);
}

TEST_F(TornProperties, AtTheLogsEndAreATailThatAStartCutsOff) {
  write(0);
  disk_.kill();
  const StoreReport report = check();
  EXPECT_TRUE(report.log_damage.empty());
  EXPECT_THAT(report.tail, HasSubstr("properties"));
  EXPECT_EQ(messages(), 1u);
}

TEST(TornPieces, AreThoseOfZeros) {
  const std::string zeros(kPieceBytes, '\0');
  EXPECT_FALSE(may_seem_torn(""));
  EXPECT_FALSE(may_seem_torn(zeros.substr(1) + "a"));
  EXPECT_TRUE(may_seem_torn("a" + zeros + "a"));
  EXPECT_TRUE(may_seem_torn(std::string("a\0", 2)));
}

}  // namespace
}  // namespace sluice::store
