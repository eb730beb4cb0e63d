#include "delivery/waits.h"

#include <deque>
#include <memory>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/testing/parked_read.h"

namespace sluice::delivery {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(Waits, AnArrivalReleasesOnceAndInTheOrderOfParking) {
  Waits waits(kStart);
  Read a(1, 7, 10, kStart + milliseconds(500)), b(2, 7, 10, kStart + milliseconds(100)),
      other(3, 8, 10, kStart + milliseconds(500));
  waits.park(a);
  waits.park(b);
  waits.park(other);
  EXPECT_THAT(arrival(waits, 7, 11), ElementsAre(1, 2));
  EXPECT_THAT(arrival(waits, 7, 12), IsEmpty());
  EXPECT_THAT(expiry(waits, kStart + milliseconds(1000)), ElementsAre(3));
}

TEST(Waits, AnArrivalLeavesReadsFurtherAhead) {
  Waits waits(kStart);
  Read near(1, 7, 10, kStart + milliseconds(500)), far(2, 7, 12, kStart + milliseconds(500));
  waits.park(far);
  waits.park(near);
  EXPECT_THAT(arrival(waits, 7, 10), IsEmpty());
  EXPECT_THAT(arrival(waits, 7, 12), ElementsAre(1));
  EXPECT_TRUE(waits.any(7));
  EXPECT_THAT(arrival(waits, 7, 13), ElementsAre(2));
  EXPECT_FALSE(waits.any(7));
}

TEST(Waits, AMessageReleasesThoseThatWantItsTag) {
  Waits waits(kStart);
  TaggedRead red(1, 7, 10, 100), blue(2, 7, 10, 200), late_blue(3, 7, 12, 200),
      all(4, 7, 10, kAnyTag);
  for (Read* read : {&red, &blue, &late_blue, &all}) waits.park(*read);
  EXPECT_EQ(waits.unseen(7), QueueOffset(10));
  ASSERT_NE(waits.tagged(7), nullptr);
  EXPECT_THAT(arrival(waits, 7, 12, {200, 300}), ElementsAre(4, 2));
  EXPECT_EQ(waits.unseen(7), QueueOffset(12));
  EXPECT_THAT(arrival(waits, 7, 13, {300}), IsEmpty());
  EXPECT_THAT(arrival(waits, 7, 15, {100, 200}), ElementsAre(1, 3));
  EXPECT_EQ(waits.tagged(7), nullptr);
  EXPECT_FALSE(waits.any(7));
}

TEST(Waits, AMessageWhoseTagIsNotToldMayHaveAny) {
  Waits waits(kStart);
  TaggedRead red(1, 7, 10, 100), ahead(2, 7, 20, 100);
  waits.park(red);
  waits.park(ahead);
  EXPECT_THAT(arrival(waits, 7, 12, {300}), ElementsAre(1));
  EXPECT_THAT(arrival(waits, 7, 20, {}), IsEmpty());
  EXPECT_THAT(arrival(waits, 7, 21, {100}), ElementsAre(2));
}

TEST(Waits, AReadThatIsParkedAnewIsShownWhatCameSinceItLooked) {
  Waits waits(kStart);
  TaggedRead red(1, 7, 10, 100), blue(2, 7, 10, 200);
  waits.park(red);
  waits.park(blue);
  EXPECT_THAT(arrival(waits, 7, 12, {200, 300}), ElementsAre(2));
  blue.offset = QueueOffset(12);
  waits.park(blue);
  EXPECT_EQ(waits.unseen(7), QueueOffset(12));
  EXPECT_THAT(arrival(waits, 7, 13, {200}), ElementsAre(2));
  EXPECT_THAT(arrival(waits, 7, 14, {100}), ElementsAre(1));
  // Another queue, which begins anew under the same key.
  TaggedRead anew(3, 7, 0, 100);
  waits.park(anew);
  EXPECT_EQ(waits.unseen(7), QueueOffset(0));
  EXPECT_THAT(arrival(waits, 7, 1, {100}), ElementsAre(3));
}

TEST(Waits, WhoeverIsChosenIsReleasedWhateverItWants) {
  Waits waits(kStart);
  TaggedRead red(1, 7, 10, 100), all(2, 7, 10, kAnyTag), stays(3, 7, 10, 100), other(4, 8, 10, 100);
  for (Read* read : {&red, &all, &stays, &other}) waits.park(*read);
  WaitList released;
  waits.release_if(7, [&](const Wait& wait) { return &wait != &stays; }, released);
  EXPECT_THAT(take_names(released), UnorderedElementsAre(1, 2));
  EXPECT_EQ(waits.size(), 2u);
}

TEST(Waits, NoneStaysPastItsDeadlinePlusATick) {
  Waits waits(kStart);
  std::mt19937 random(42);
  std::deque<Read> reads;
  for (int i = 0; i < 2000; ++i) {
    const auto deadline = kStart + milliseconds(random() % 90'000);
    waits.park(reads.emplace_back(i, random() % 5, 0, deadline));
  }
  std::size_t released_count = 0;
  for (auto now = kStart; now < kStart + milliseconds(91'000); now += milliseconds(random() % 17)) {
    WaitList released;
    waits.expire(now, released);
    for (Wait& wait : released) {
      EXPECT_LE(wait.deadline, now);
      EXPECT_GT(wait.deadline + Waits::kTick + milliseconds(17), now);
      ++released_count;
    }
    released.clear();
  }
  EXPECT_EQ(released_count, reads.size());
  EXPECT_EQ(waits.size(), 0u);
}

TEST(Waits, AServedExpiryTimeReleasesWhatIsDue) {
  Waits waits(kStart);
  EXPECT_FALSE(waits.next_expiry());
  Read late(1, 7, 0, kStart + milliseconds(300)), soon(2, 8, 0, kStart + milliseconds(41));
  waits.park(late);
  waits.park(soon);
  auto next = waits.next_expiry();
  ASSERT_TRUE(next);
  EXPECT_GE(*next, soon.deadline);
  EXPECT_LE(*next, soon.deadline + Waits::kTick);
  EXPECT_THAT(expiry(waits, *next), ElementsAre(2));
  next = waits.next_expiry();
  ASSERT_TRUE(next);
  EXPECT_THAT(expiry(waits, *next), ElementsAre(1));
  EXPECT_FALSE(waits.next_expiry());
}

TEST(Waits, DeadlinesBeyondOneTurnOfTheWheelAreKept) {
  Waits waits(kStart);
  Read day(1, 7, 0, kStart + milliseconds(86'400'000));
  waits.park(day);
  EXPECT_THAT(expiry(waits, kStart + milliseconds(86'399'999)), IsEmpty());
  EXPECT_TRUE(waits.next_expiry());
  EXPECT_THAT(expiry(waits, kStart + milliseconds(86'400'000) + Waits::kTick), ElementsAre(1));
}

TEST(Waits, ADeadlineInThePastIsDueAtTheNextTick) {
  Waits waits(kStart);
  Read past(1, 7, 0, kStart - milliseconds(5000));
  waits.park(past);
  EXPECT_THAT(expiry(waits, kStart + Waits::kTick), ElementsAre(1));
}

TEST(Waits, APauseDelaysButLosesNothing) {
  Waits waits(kStart);
  const auto later = kStart + milliseconds(1'000'000);
  Read read(1, 7, 0, later + milliseconds(50));
  waits.park(read);
  EXPECT_THAT(expiry(waits, later), IsEmpty());
  EXPECT_THAT(expiry(waits, later + milliseconds(50) + Waits::kTick), ElementsAre(1));
}

TEST(Waits, AReleasedReadMayBeParkedAgain) {
  Waits waits(kStart);
  Read read(1, 7, 0, kStart + milliseconds(100));
  waits.park(read);
  EXPECT_THAT(arrival(waits, 7, 1), ElementsAre(1));
  read.offset = QueueOffset(1);
  waits.park(read);
  EXPECT_THAT(arrival(waits, 7, 1), IsEmpty());
  EXPECT_THAT(arrival(waits, 7, 2), ElementsAre(1));
  EXPECT_THAT(expiry(waits, kStart + milliseconds(1000)), IsEmpty());
}

TEST(Waits, DestroyingAParkedReadCancelsIt) {
  Waits waits(kStart);
  auto gone = std::make_unique<Read>(1, 7, 0, kStart + milliseconds(100));
  Read stays(2, 7, 0, kStart + milliseconds(100));
  waits.park(*gone);
  waits.park(stays);
  gone.reset();
  EXPECT_EQ(waits.size(), 1u);
  EXPECT_THAT(arrival(waits, 7, 1), ElementsAre(2));
}

TEST(Waits, MayDieBeforeItsReads) {
  Read read(1, 7, 0, kStart + milliseconds(100));
  {
    Waits waits(kStart);
    waits.park(read);
  }
  Waits next(kStart);
  next.park(read);
  EXPECT_EQ(next.size(), 1u);
}

// A tick with 100 000 parked reads looks at the due slots only; the test would take minutes if each
// tick or arrival looked at every read.
TEST(Waits, HoldsAHundredThousandReads) {
  Waits waits(kStart);
  std::deque<Read> reads;
  for (int i = 0; i < 100'000; ++i) {
    waits.park(reads.emplace_back(i, static_cast<QueueKey>(i), 0,
                                  kStart + milliseconds(20'000 + i % 10'000)));
  }
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(waits.next_expiry());
    arrival(waits, 200'000, 1);
  }
  std::size_t released_count = 0;
  for (auto now = kStart; now <= kStart + milliseconds(30'100); now += Waits::kTick) {
    released_count += expiry(waits, now).size();
  }
  EXPECT_EQ(released_count, reads.size());
}

}  // namespace
}  // namespace sluice::delivery
