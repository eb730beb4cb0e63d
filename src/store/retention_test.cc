#include "store/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Disk::Space used(std::int64_t percent) {
  return {.total = 1000, .available = 1000 - percent * 10};
}

TEST(Retention, ExpiredFilesGoAtTheirHourOrWhenTheDiskFills) {
  const Retention rules;
  EXPECT_EQ(to_drop(rules, used(10), 0, 3), Drop::nothing);
  EXPECT_EQ(to_drop(rules, used(10), 0, 4), Drop::expired);
  EXPECT_EQ(to_drop(rules, used(74), 0, 3), Drop::nothing);
  EXPECT_EQ(to_drop(rules, used(75), 0, 3), Drop::expired);
}

TEST(Retention, OldFilesGoWhenTheDiskIsNearlyFullOrTheLogTooLarge) {
  Retention rules;
  EXPECT_EQ(to_drop(rules, used(85), 0, 3), Drop::oldest);
  rules.log_bytes_max = 500;
  EXPECT_EQ(to_drop(rules, used(10), 500, 3), Drop::nothing);
  EXPECT_EQ(to_drop(rules, used(10), 501, 3), Drop::oldest);
}

TEST(Retention, ARefusalNamesPathUseLimitAndWhatToDo) {
  EXPECT_EQ(refusal({}, used(89), "/data"), "");
  EXPECT_THAT(refusal({}, used(90), "/data"),
              AllOf(HasSubstr("/data"), HasSubstr("900 of 1000"), HasSubstr("90 %"),
                    HasSubstr("diskSpaceWarningLevelRatio"), HasSubstr("free space")));
  EXPECT_THAT(refusal({.reserved_bytes = 600}, used(50), "/data"), HasSubstr("diskReservedBytes"));
}

TEST(Retention, HoursAreListedAsApacheDoes) {
  EXPECT_EQ(*parse_hours("04"), 1U << 4);
  EXPECT_EQ(*parse_hours("00;23"), 1U | 1U << 23);
  EXPECT_THAT(std::string(parse_hours("04;24").error().remark()), HasSubstr("'24'"));
  EXPECT_FALSE(parse_hours("x"));
}

}  // namespace
}  // namespace sluice::store
