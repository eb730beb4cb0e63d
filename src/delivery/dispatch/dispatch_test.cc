#include "delivery/dispatch/dispatch.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "delivery/dispatch/testing/fake_queue.h"
#include "delivery/dispatch/testing/play.h"

namespace sluice::delivery {
namespace {

Plan plan(Model model, Mode mode) {
  Plan plan;
  plan.model = model;
  plan.mode = mode;
  plan.keys = KeyRanges::Kind::split;
  return plan;
}

void play(const Plan& plan, const std::vector<std::string>& lines) {
  testing::Play play(plan);
  for (const std::string& line : lines) {
    const std::size_t arrow = line.find(" => ");
    const std::string shown = play.act(line.substr(0, arrow));
    if (arrow != std::string::npos) EXPECT_EQ(shown, line.substr(arrow + 4)) << line;
  }
}

TEST(Dispatch, SharesByTurnsOfTwenty) {
  testing::FakeQueue queue;
  for (int i = 0; i < 60; ++i) queue.append(0);
  Dispatch dispatch(plan(Model::push, Mode::shared), LeaseQueue(QueueOffset(0)), queue);
  for (const MemberId member : {1U, 2U}) {
    ASSERT_TRUE(dispatch.join({member, std::to_string(member)}, from_unix_ms(0)));
    dispatch.add_permits(member, 100);
  }
  const Decision decision = dispatch.push(queue, from_unix_ms(0));
  ASSERT_EQ(decision.deliveries.size(), 60U);
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_EQ(decision.deliveries[i].member, 20 <= i && i < 40 ? 2U : 1U) << i;
  }
}

TEST(Dispatch, ABetterPriorityIsServedFirstWhileItHasRoom) {
  play(plan(Model::push, Mode::shared),
       {"arrive 1 1 1", "join a 1", "join b 0", "permits a 9", "permits b 2", "push => b0 b1 a2"});
}

TEST(Dispatch, ABatchGoesToOneMemberThoughItHasTooFewPermits) {
  play(plan(Model::push, Mode::shared),
       {"arrive 1 +1 +1 1", "join a", "join b", "permits a 1", "permits b 1", "push => a0 a1 a2 b3",
        "permits a 2", "arrive 1", "push => ", "permits a 1", "push => a4"});
}

TEST(Dispatch, StopsAtTheLimitOfUnfinishedMessagesAndStillRedelivers) {
  Plan limited = plan(Model::push, Mode::shared);
  limited.unfinished_max = 2;
  play(limited, {"arrive 1 1 1", "join a", "permits a 9", "push => a0 a1", "push => ",
                 "nack a 1 0 => done", "push => a1#1", "ack a 0 => done", "push => a2"});
}

TEST(Dispatch, AFifoGroupHasOneBatchOutUnlessTheSameAttemptAsksAgain) {
  Plan fifo = plan(Model::pop, Mode::shared);
  fifo.fifo = true;
  play(fifo, {"arrive 1 1 1", "join a", "join b", "pop a 2 50 7 => a0 a1", "pop b 2 50 8 => ",
              "pop b 2 50 7 => ", "at 40", "pop a 2 50 7 => a0 a1", "ack a 0 => done",
              "pop a 2 50 7 => a1", "at 90", "pop b 2 50 8 => b1#1 b2"});
}

TEST(Dispatch, AFifoGroupThatSharesByKeyHasOneBatchOfEachKey) {
  Plan fifo = plan(Model::pop, Mode::key_shared);
  fifo.fifo = true;
  play(fifo, {"arrive 1 2 1 2 1", "join a", "pop a 3 50 => a0 a1 a2", "pop a 9 50 => ",
              "ack a 1 => done", "pop a 9 50 => a3", "ack a 0 => done", "pop a 9 50 => ",
              "ack a 2 => done", "pop a 9 50 => a4"});
}

TEST(Dispatch, KeysMoveAtOnceWhenOrderDoesNotMatter) {
  Plan loose = plan(Model::push, Mode::key_shared);
  loose.out_of_order = true;
  play(loose, {"arrive 1 1", "join a", "permits a 1", "push => a0", "join b", "permits b 9",
               "push => b1"});
}

TEST(Dispatch, WhatUsedUpItsAttemptsIsDeadUntilItIsBuried) {
  Plan strict = plan(Model::pop, Mode::exclusive);
  strict.retry = RetryPolicy::fixed({milliseconds(5)}).up_to(2);
  strict.bury_within = milliseconds(100);
  play(strict, {"arrive 1 1",
                "join a",
                "pop a 1 50 => a0",
                "nack a 0 => done",
                "pop a 1 50 => ",
                "again => 5",
                "at 5",
                "pop a 1 50 => a0#1",
                "nack a 0 => done",
                "at 10",
                "pop a 1 50 => !0",
                "again => 110",
                "pop a 1 50 => ",
                "ack a 0 => late",
                "at 110",
                "pop a 1 50 => !0",
                "bury 1 => unknown",
                "bury 0 => done",
                "bury 0 => late",
                "pop a 1 50 => a1"});
}

TEST(Dispatch, ARejectedMessageIsToldDeadWhenNobodyBuriesIt) {
  Plan quick = plan(Model::pop, Mode::shared);
  quick.bury_within = milliseconds(20);
  play(quick, {"arrive 1 1", "join a", "pop a 2 90 => a0 a1", "bury 1 => unknown",
               "reject a 0 => done", "pop a 1 90 => ", "again => 20", "at 20", "pop a 1 90 => !0",
               "bury 0 => done", "ack a 1 => done", "floor => 2"});
}

TEST(Dispatch, WhatNobodyWasGivenCannotBeAcknowledged) {
  play(plan(Model::pop, Mode::shared),
       {"arrive 1/1 1/2", "join a", "join b", "want a 2", "want b 1", "pop a 9 50 => a1",
        "ack a 0 => unknown", "pop b 9 50 => b0"});
}

TEST(Dispatch, ALateAckIsRefusedWhereThePlanSaysSo) {
  for (const bool believe : {true, false}) {
    Plan late = plan(Model::pop, Mode::shared);
    late.believe_late = believe;
    play(late, {"arrive 1", "join a", "pop a 1 10 => a0", "at 10",
                believe ? "ack a 0 => done" : "ack a 0 => late"});
  }
}

TEST(Dispatch, ALeaseThatIsMadeLongerKeepsTheMessage) {
  play(plan(Model::pop, Mode::shared),
       {"arrive 1", "join a", "pop a 1 10 => a0", "at 9", "extend a 0 10 => done", "at 18",
        "pop a 1 10 => ", "again => 19", "at 19", "extend a 0 10 => late", "pop a 1 10 => a0#1"});
}

TEST(Dispatch, AnOldReceiptDoesNotEndANewLeaseOfTheSameMillisecond) {
  testing::FakeQueue queue;
  queue.append(0);
  const WallTime now = from_unix_ms(5);
  Dispatch dispatch(plan(Model::pop, Mode::shared), LeaseQueue(QueueOffset(0)), queue);
  ASSERT_TRUE(dispatch.join({1, "a"}, now));
  const Decision first = dispatch.pop(queue, {1}, now).value();
  const Receipt old{1, QueueOffset(0), first.deliveries.at(0).stamp};
  EXPECT_EQ(dispatch.give_back(old, milliseconds(0), now), Dispatch::Outcome::done);
  const Decision second = dispatch.pop(queue, {1}, now).value();
  EXPECT_EQ(dispatch.acknowledge(old, now), Dispatch::Outcome::late);
  const Receipt fresh{1, QueueOffset(0), second.deliveries.at(0).stamp};
  EXPECT_EQ(dispatch.acknowledge(fresh, now), Dispatch::Outcome::done);
}

TEST(Dispatch, PassesOverNoMoreThanAllowed) {
  Plan near = plan(Model::push, Mode::key_shared);
  near.passed_over_max = 2;
  play(near, {"join a", "join b", "permits a 9", "arrive 1 1 1 40000", "push => ", "permits b 1",
              "push => b0 a3"});
}

TEST(Dispatch, TheActiveMemberIsChosenByQueueNumberOrByTheRing) {
  for (std::uint32_t number = 0; number < 4; ++number) {
    Roster by_order(KeyRanges::Kind::ring, {false, number});
    Roster by_ring(KeyRanges::Kind::ring, {true, number * 0x4000'0000U});
    for (const MemberId member : {3U, 1U, 2U}) {
      ASSERT_TRUE(by_order.add({member, std::string(1, static_cast<char>('a' + member))}, false));
      ASSERT_TRUE(by_ring.add({member, std::string(1, static_cast<char>('a' + member))}, false));
    }
    EXPECT_EQ(by_order.choose_active(), number % 3 + 1);
    const MemberId active = by_ring.choose_active();
    for (const MemberId other : {1U, 2U, 3U}) {
      if (other == active) continue;
      by_ring.remove(other);
      EXPECT_EQ(by_ring.choose_active(), active) << "others leave, the active one stays";
    }
  }
}

TEST(Dispatch, RefusesReservedAndDoubleMembers) {
  const testing::FakeQueue queue;
  Dispatch dispatch(plan(Model::push, Mode::shared), LeaseQueue(QueueOffset(0)), queue);
  EXPECT_EQ(dispatch.join({kNobody, "a"}, {}).error().code(), Errc::invalid_argument);
  EXPECT_EQ(dispatch.join({kUndertaker, "a"}, {}).error().code(), Errc::invalid_argument);
  ASSERT_TRUE(dispatch.join({1, "a"}, {}));
  EXPECT_EQ(dispatch.join({1, "a"}, {}).error().code(), Errc::already_exists);
}

}  // namespace
}  // namespace sluice::delivery
