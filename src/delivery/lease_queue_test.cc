#include "delivery/lease_queue.h"

#include <vector>

#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

using Fate = LeaseQueue::Fate;
using Outcome = LeaseQueue::Outcome;

WallTime at(std::int64_t ms) { return from_unix_ms(1'000'000 + ms); }
Lease lease(std::int64_t from, std::int64_t until) { return {at(from), at(until)}; }
std::vector<Fate> leased(std::size_t count) { return std::vector<Fate>(count, Fate::lease); }

TEST(LeaseQueue, NothingIsUnfinishedAtFirst) {
  const LeaseQueue queue(QueueOffset(7));
  EXPECT_EQ(queue.floor(), QueueOffset(7));
  EXPECT_EQ(queue.next(), QueueOffset(7));
  EXPECT_FALSE(queue.next_deadline());
}

TEST(LeaseQueue, TheFloorFollowsTheFirstUnfinishedMessage) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(100), lease(0, 50));
  EXPECT_EQ(queue.leased(), 100U);
  for (const std::int64_t offset : {1, 2, 0, 64, 3}) {
    EXPECT_EQ(queue.acknowledge(QueueOffset(offset), at(0)), Outcome::done);
  }
  EXPECT_EQ(queue.floor(), QueueOffset(4));
  EXPECT_EQ(queue.next(), QueueOffset(100));
}

TEST(LeaseQueue, WhatIsNotFinishedInTimeIsReadyAndCounted) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(3), lease(0, 50));
  queue.acknowledge(QueueOffset(1), at(0));
  EXPECT_EQ(queue.expire(at(49)), 0U);
  EXPECT_EQ(queue.expire(at(50)), 2U);
  ASSERT_TRUE(queue.next_ready(QueueOffset(1)));
  EXPECT_EQ(queue.next_ready(QueueOffset(1))->offset, QueueOffset(2));
  EXPECT_EQ(queue.next_ready(QueueOffset(0))->attempts, 1);
  queue.lease_again(QueueOffset(0), lease(60, 70));
  EXPECT_EQ(queue.expire(at(70)), 1U);
  EXPECT_EQ(queue.next_ready(QueueOffset(0))->attempts, 2);
}

TEST(LeaseQueue, WhoeverRemembersTheTurnMeetsReadyMessagesOnceEachTimeTheyBecomeReady) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(std::vector<Fate>{Fate::leave, Fate::lease, Fate::leave}, lease(0, 50));
  auto ready = queue.next_ready_after(0);
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->offset, QueueOffset(0));
  ready = queue.next_ready_after(ready->turn);
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->offset, QueueOffset(2));
  EXPECT_FALSE(queue.next_ready_after(ready->turn));
  queue.expire(at(50));
  const auto again = queue.next_ready_after(ready->turn);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->offset, QueueOffset(1));
  EXPECT_EQ(again->attempts, 1);
  queue.lease_again(QueueOffset(1), lease(50, 60));
  EXPECT_FALSE(queue.next_ready_after(ready->turn));
  queue.restore_finished(QueueOffset(0));
  EXPECT_EQ(queue.next_ready_after(0)->offset, QueueOffset(2));
}

TEST(LeaseQueue, ALateHolderIsBelievedOnlyWhileNobodyElseHasTheMessage) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(2), lease(0, 50));
  queue.expire(at(50));
  EXPECT_EQ(queue.acknowledge(QueueOffset(0), at(0)), Outcome::done);
  queue.lease_again(QueueOffset(1), lease(60, 90));
  EXPECT_EQ(queue.acknowledge(QueueOffset(1), at(0)), Outcome::late);
  EXPECT_EQ(queue.acknowledge(QueueOffset(1), at(60)), Outcome::done);
  EXPECT_EQ(queue.floor(), QueueOffset(2));
}

TEST(LeaseQueue, ManyAreAcknowledgedAsOneByOne) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(100), lease(0, 50));
  queue.advance(leased(10), lease(1, 60));
  queue.put_off(QueueOffset(3), at(0), lease(2, 70));
  std::vector<QueueOffset> named, done, expected;
  for (const std::int64_t n : {0, 1, 1, 2, 3, 63, 64, 99, 100, 5, 500, -1}) {
    named.emplace_back(n);
    const bool held = n == 0 || n == 2 || n == 5 || n == 63 || n == 64 || n == 99;
    if (held || (n == 1 && (expected.empty() || expected.back().value != 1))) {
      expected.emplace_back(n);
    }
  }
  queue.acknowledge(named, at(0), done);
  EXPECT_EQ(done, expected);
  EXPECT_EQ(queue.unfinished(), 110U - expected.size());
  EXPECT_EQ(queue.floor(), QueueOffset(3)) << "put off: the first receipt does not hold for it";
}

TEST(LeaseQueue, AReceiptThatWasNeverGivenIsUnknown) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(2), lease(10, 50));
  EXPECT_EQ(queue.acknowledge(QueueOffset(0), at(11)), Outcome::unknown);
  EXPECT_EQ(queue.acknowledge(QueueOffset(2), at(10)), Outcome::unknown);
  EXPECT_EQ(queue.acknowledge(QueueOffset(-1), at(10)), Outcome::unknown);
  EXPECT_EQ(queue.leased(), 2U);
}

TEST(LeaseQueue, APutOffMessageHasItsOwnDeadlineEvenWhenItIsTheSame) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(2), lease(0, 50));
  EXPECT_EQ(queue.put_off(QueueOffset(0), at(0), lease(1, 50)), Outcome::done);
  EXPECT_EQ(queue.put_off(QueueOffset(0), at(0), lease(2, 50)), Outcome::late);
  EXPECT_EQ(queue.expire(at(50)), 2U);
  EXPECT_EQ(queue.ready(), 2U);
  EXPECT_FALSE(queue.next_deadline());
}

TEST(LeaseQueue, WhatAnotherMemberWantsIsLeftAndNotCountedAsAttempt) {
  LeaseQueue queue(QueueOffset(0));
  const std::vector<Fate> fates{Fate::finish, Fate::leave, Fate::lease, Fate::finish};
  queue.advance(fates, lease(0, 50));
  EXPECT_EQ(queue.floor(), QueueOffset(1));
  EXPECT_EQ(queue.next(), QueueOffset(4));
  EXPECT_EQ(queue.next_ready(QueueOffset(0))->offset, QueueOffset(1));
  EXPECT_EQ(queue.next_ready(QueueOffset(0))->attempts, 0);
}

TEST(LeaseQueue, SparseLeasesSpanManyBlocks) {
  LeaseQueue queue(QueueOffset(0));
  std::vector<Fate> fates(1000, Fate::finish);
  for (std::size_t i = 0; i < fates.size(); i += 63) fates[i] = Fate::lease;
  queue.advance(fates, lease(0, 50));
  EXPECT_EQ(queue.leased(), 16U);
  for (std::int64_t i = 0; i < 1000; i += 63) {
    EXPECT_EQ(queue.acknowledge(QueueOffset(i), at(0)), Outcome::done) << i;
  }
  EXPECT_EQ(queue.floor(), QueueOffset(1000));
}

TEST(LeaseQueue, AnOwnerThatLeavesGivesBackWhatItHeld) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(2), {at(0), WallTime::max(), 1});
  queue.advance(leased(2), {at(0), WallTime::max(), 2});
  EXPECT_EQ(queue.release(1), 2U);
  EXPECT_EQ(queue.leased(), 2U);
  EXPECT_EQ(queue.next_ready(QueueOffset(0))->offset, QueueOffset(0));
}

TEST(LeaseQueue, ComesBackFromWhatItSaysOfItself) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(10), lease(0, 50));
  queue.put_off(QueueOffset(3), at(0), lease(5, 30));
  queue.acknowledge(QueueOffset(0), at(0));
  queue.expire(at(30));
  LeaseQueue copy(queue.floor());
  copy.restore_next(queue.next());
  queue.for_each([&](const LeaseQueue::Unfinished& message) { copy.restore(message); });
  EXPECT_EQ(copy.floor(), queue.floor());
  EXPECT_EQ(copy.leased(), queue.leased());
  EXPECT_EQ(copy.next_ready(QueueOffset(0))->offset, QueueOffset(3));
  EXPECT_EQ(copy.acknowledge(QueueOffset(3), at(5)), Outcome::done);
  EXPECT_EQ(copy.acknowledge(QueueOffset(9), at(0)), Outcome::done);
}

TEST(LeaseQueue, ALostEndMakesRoomForOtherMessages) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(10), lease(0, 50));
  queue.cut(QueueOffset(6));
  EXPECT_EQ(queue.next(), QueueOffset(6));
  EXPECT_EQ(queue.leased(), 6U);
  queue.advance(leased(1), lease(1, 60));
  EXPECT_EQ(queue.acknowledge(QueueOffset(6), at(1)), Outcome::done);
}

TEST(LeaseQueue, AHolderWhoseTimeRanOutMayRenewWhileNobodyElseHasTheMessage) {
  LeaseQueue queue(QueueOffset(0));
  queue.advance(leased(1), lease(0, 50));
  queue.expire(at(50));
  EXPECT_EQ(queue.put_off(QueueOffset(0), at(0), lease(60, 90)), Outcome::done);
  EXPECT_EQ(queue.ready(), 0U);
  EXPECT_EQ(queue.acknowledge(QueueOffset(0), at(60)), Outcome::done);
}

}  // namespace
}  // namespace sluice::delivery
