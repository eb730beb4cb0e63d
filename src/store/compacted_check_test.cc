#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/compacted.h"
#include "store/store_check.h"
#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::must_open;
using testing::pending;
using testing::small_options;

/// A closed store whose topic T was compacted: four keys.
class CompactedCheck : public ::testing::Test {
 protected:
  CompactedCheck() {
    ManualClock clock;
    auto options = small_options();
    options.compact_every = milliseconds(1000);
    auto store = must_open(disk_, clock, options);
    store->compact_topic("T");
    for (int i = 0; i < 40; ++i) {
      std::string text;
      wire::record::append_property(text, wire::record::property::kKeys, std::to_string(i % 4));
      const auto queue = store->queue("T", QueueId(0));
      const std::string value = "value " + std::to_string(i);
      Pending one = pending(*queue, value, text);
      EXPECT_TRUE(store->append(std::span(&one, 1)));
    }
    store->maintain();
    (void)store->compact(1 << 20);
    clock.advance(milliseconds(20'000));
    while (store->compact(1 << 20)) {
    }
    EXPECT_TRUE(store->close());
    for (const std::string& path : disk_.files()) {
      if (path.starts_with(kFolder) && path.ends_with(".records")) records_ = path;
    }
    EXPECT_FALSE(records_.empty());
  }
  std::vector<std::string> problems() {
    auto store = OfflineStore::open(disk_, "/r");
    EXPECT_TRUE(store) << store.error().remark();
    const auto report = verify(**store, {});
    EXPECT_TRUE(report) << report.error().remark();
    return report->other;
  }
  static constexpr const char* kFolder = "/r/sluice.compacted/T/0";
  testing::MemoryDisk disk_;
  std::string records_;
};

TEST_F(CompactedCheck, FindsNothingWrongWithWhatCompactionWrites) {
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(CompactedCheck, NamesADamagedRecord) {
  disk_.flip_byte(records_, 95);
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("1 of 4 rows are damaged; row 0")));
}

TEST_F(CompactedCheck, NamesADamagedRow) {
  disk_.flip_byte(std::string(kFolder) + "/table", 50);
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("1 of 4 rows are damaged; row 1")));
}

TEST_F(CompactedCheck, NamesATableThatIsCut) {
  auto file = disk_.open(std::string(kFolder) + "/table", Disk::Open::write);
  ASSERT_TRUE((*file)->resize(30));
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("table is damaged")));
}

TEST_F(CompactedCheck, NamesMissingRecords) {
  ASSERT_TRUE(disk_.remove(records_));
  EXPECT_THAT(problems(), ElementsAre(HasSubstr(".records is damaged")));
}

}  // namespace
}  // namespace sluice::store
