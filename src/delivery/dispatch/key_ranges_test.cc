#include "delivery/dispatch/key_ranges.h"

#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

using Kind = KeyRanges::Kind;

std::map<std::uint32_t, MemberId> owners(const KeyRanges& ranges) {
  std::map<std::uint32_t, MemberId> owners;
  for (std::uint32_t slot = 1; slot < KeyRanges::kSlots; ++slot) {
    owners[slot] = ranges.owner(slot).value_or(kNobody);
  }
  return owners;
}

TEST(KeyRanges, NobodyOwnsAnythingAtFirst) {
  for (const Kind kind : {Kind::ring, Kind::split, Kind::sticky}) {
    EXPECT_FALSE(KeyRanges(kind).owner(1));
  }
}

TEST(KeyRanges, RingAndSplitLeaveNoSlotWithoutOwner) {
  for (const Kind kind : {Kind::ring, Kind::split}) {
    KeyRanges ranges(kind);
    for (MemberId member = 1; member <= 5; ++member) {
      ASSERT_TRUE(ranges.add({member, fmt::format("consumer-{}", member), {}}));
      for (const auto& [slot, owner] : owners(ranges)) ASSERT_NE(owner, kNobody) << slot;
    }
    for (const MemberId gone : {3U, 1U, 5U, 2U}) {
      ranges.remove(gone);
      for (const auto& [slot, owner] : owners(ranges)) {
        ASSERT_NE(owner, kNobody) << slot;
        ASSERT_NE(owner, gone) << slot;
      }
    }
    ranges.remove(4);
    EXPECT_TRUE(ranges.owned().empty());
  }
}

TEST(KeyRanges, ANewMemberOfARingTakesSlotsAndMovesNone) {
  KeyRanges ranges(Kind::ring);
  for (MemberId member = 1; member <= 3; ++member) {
    ASSERT_TRUE(ranges.add({member, fmt::format("consumer-{}", member), {}}));
  }
  const auto before = owners(ranges);
  ASSERT_TRUE(ranges.add({4, "consumer-4", {}}));
  std::size_t taken = 0;
  for (const auto& [slot, owner] : owners(ranges)) {
    if (owner == 4) {
      ++taken;
    } else {
      ASSERT_EQ(owner, before.at(slot)) << slot;
    }
  }
  EXPECT_GT(taken, KeyRanges::kSlots / 8);
  EXPECT_LT(taken, KeyRanges::kSlots / 2);
  ranges.remove(4);
  EXPECT_EQ(owners(ranges), before);
}

TEST(KeyRanges, MembersOfOneNameBothHaveAShareOfTheRing) {
  KeyRanges ranges(Kind::ring);
  ASSERT_TRUE(ranges.add({1, "same", {}}));
  ASSERT_TRUE(ranges.add({2, "same", {}}));
  std::map<MemberId, int> slots;
  for (const auto& [slot, owner] : owners(ranges)) ++slots[owner];
  EXPECT_GT(slots[1], 1000);
  EXPECT_GT(slots[2], 1000);
}

TEST(KeyRanges, SplittingHalvesTheWidestRangeAndLeavingMergesUpwards) {
  KeyRanges ranges(Kind::split);
  for (const MemberId member : {1U, 2U, 3U}) ASSERT_TRUE(ranges.add({member, "", {}}));
  EXPECT_EQ(ranges.owner(0x1000), 3U);
  EXPECT_EQ(ranges.owner(0x4000), 2U);
  EXPECT_EQ(ranges.owner(0x8000), 1U);
  ranges.remove(3);
  EXPECT_EQ(ranges.owner(0x1000), 2U);
  ranges.remove(1);
  EXPECT_EQ(ranges.owner(0xffff), 2U);
}

TEST(KeyRanges, StickyRangesAreTakenWholeOrNotAtAll) {
  KeyRanges ranges(Kind::sticky);
  ASSERT_TRUE(ranges.add({1, "a", {{0, 99}, {200, 299}}}));
  EXPECT_EQ(ranges.add({2, "b", {{300, 400}, {250, 260}}}).error().code(), Errc::in_use);
  EXPECT_FALSE(ranges.owner(350));
  EXPECT_EQ(ranges.add({2, "b", {}}).error().code(), Errc::invalid_argument);
  EXPECT_EQ(ranges.add({2, "b", {{9, 8}}}).error().code(), Errc::invalid_argument);
  EXPECT_EQ(ranges.add({2, "b", {{0, 65'536}}}).error().code(), Errc::invalid_argument);
  ASSERT_TRUE(ranges.add({2, "b", {{100, 199}}}));
  EXPECT_EQ(ranges.owner(199), 2U);
  EXPECT_EQ(ranges.owner(200), 1U);
  EXPECT_FALSE(ranges.owner(300));
  ranges.remove(1);
  EXPECT_FALSE(ranges.owner(0));
}

TEST(KeyRanges, SlotZeroIsNeverUsed) {
  for (const Kind kind : {Kind::ring, Kind::split, Kind::sticky}) {
    const KeyRanges ranges(kind);
    for (std::uint32_t key = 0; key < 200'000; key += 5) {
      ASSERT_NE(ranges.slot(key), 0U);
      ASSERT_LT(ranges.slot(key), KeyRanges::kSlots);
    }
  }
}

}  // namespace
}  // namespace sluice::delivery
