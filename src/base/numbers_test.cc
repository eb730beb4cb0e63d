#include "base/numbers.h"

#include <cstdint>
#include <unordered_set>

#include <gtest/gtest.h>

#include "base/ids.h"

namespace sluice {
namespace {

TEST(ParseNumber, TakesWholeNumbersInRange) {
  EXPECT_EQ(parse_number<std::int32_t>("-2147483648"), INT32_MIN);
  EXPECT_EQ(parse_number<std::int64_t>("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_number<std::uint16_t>("0"), 0);
}

TEST(ParseNumber, RefusesEverythingElse) {
  for (const char* text : {"", " 1", "1 ", "+1", "1.0", "0x1", "-", "1a"}) {
    EXPECT_FALSE(parse_number<std::int32_t>(text)) << text;
  }
  EXPECT_FALSE(parse_number<std::int32_t>("2147483648"));
  EXPECT_FALSE(parse_number<std::uint16_t>("-1"));
  EXPECT_FALSE(parse_number<std::uint16_t>("65536"));
}

TEST(Id, CountsLikeANumberAndComparesInOrder) {
  QueueOffset offset(5);
  offset += 2;
  EXPECT_EQ(offset, QueueOffset(7));
  EXPECT_EQ(offset - QueueOffset(4), 3);
  EXPECT_LT(offset - 1, offset + 1);
}

TEST(Id, DoesNotMixWithOthers) {
  static_assert(!std::is_convertible_v<QueueOffset, LogPosition>);
  static_assert(!std::is_convertible_v<std::int64_t, QueueOffset>);
  static_assert(!std::equality_comparable_with<QueueOffset, LogPosition>);
}

TEST(Id, CanBeAKey) {
  const std::unordered_set<QueueId> ids{QueueId(1), QueueId(2), QueueId(1)};
  EXPECT_EQ(ids.size(), 2U);
}

}  // namespace
}  // namespace sluice
