#include "broker/popping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::code_of;
using ::testing::ElementsAre;
using testing::kNow;

class Pop : public testing::BrokerFixture {
 protected:
  void SetUp() override {
    make_topic("t", 1);
    ASSERT_TRUE(disk_.make_folder("config"));
    ASSERT_TRUE(broker_.persist_tables());
  }

  PopQuery asking(std::int32_t count, milliseconds invisible = milliseconds(1000)) {
    PopQuery query;
    query.group = "g";
    query.topic = "t";
    query.max_messages = count;
    query.invisible = invisible;
    query.start = PopStart::first;
    return query;
  }
  std::vector<std::int64_t> pop(const PopQuery& query, WallTime now = kNow) {
    const auto plan = pops_.prepare(query, now);
    EXPECT_TRUE(plan);
    const auto done = pops_.pop(*plan, now, result_);
    EXPECT_TRUE(done);
    EXPECT_TRUE(pops_.append(now));
    std::vector<std::int64_t> offsets;
    for (const auto& message : result_.messages) offsets.push_back(message.offset.value);
    return offsets;
  }
  PopBatch::Receipt receipt(std::int64_t offset, WallTime stamp = kNow) {
    return {"g", "t", QueueId(0), QueueOffset(offset), stamp};
  }
  std::int64_t progress() { return broker_.progress().committed("g", "t", QueueId(0))->value; }

  PopBatch pops_{broker_};
  PopResult result_;
};

TEST_F(Pop, GivesEachMessageOnceAndMovesProgressByAcknowledgements) {
  for (int i = 0; i < 4; ++i) send("t");
  EXPECT_THAT(pop(asking(3)), ElementsAre(0, 1, 2));
  EXPECT_THAT(pop(asking(3)), ElementsAre(3));
  EXPECT_EQ(progress(), 0);
  ASSERT_TRUE(pops_.acknowledge(receipt(1)));
  ASSERT_TRUE(pops_.append(kNow));
  EXPECT_EQ(progress(), 0);
  ASSERT_TRUE(pops_.acknowledge(receipt(0)));
  ASSERT_TRUE(pops_.append(kNow));
  EXPECT_EQ(progress(), 2);
}

TEST_F(Pop, ABatchFinishesWhatHoldsWhateverElseItNames) {
  for (int i = 0; i < 4; ++i) send("t");
  EXPECT_THAT(pop(asking(3)), ElementsAre(0, 1, 2));
  const std::array<QueueOffset, 4> named{QueueOffset(77), QueueOffset(0), QueueOffset(0),
                                         QueueOffset(1)};
  ASSERT_TRUE(pops_.acknowledge(receipt(0), named));
  ASSERT_TRUE(pops_.append(kNow));
  EXPECT_EQ(progress(), 2);
}

TEST_F(Pop, AcknowledgementsOfSeveralGroupsInOneWakeFindTheirOwn) {
  send("t");
  send("u");
  EXPECT_THAT(pop(asking(1)), ElementsAre(0));
  PopBatch::Receipt other = receipt(0);
  other.topic = "u";
  EXPECT_EQ(code_of(pops_.acknowledge(other)), Errc::offset_not_found);
  ASSERT_TRUE(pops_.acknowledge(receipt(0)));
  other.topic = "v";
  EXPECT_EQ(code_of(pops_.acknowledge(other)), Errc::topic_not_found);
}

TEST_F(Pop, WhatRunsOutComesAgainWithItsAttempts) {
  send("t");
  EXPECT_THAT(pop(asking(1)), ElementsAre(0));
  EXPECT_THAT(pop(asking(1), kNow + milliseconds(999)), ElementsAre());
  EXPECT_THAT(pop(asking(1), kNow + milliseconds(1000)), ElementsAre(0));
  EXPECT_EQ(result_.messages[0].attempts, 1);
  const auto scan = wire::record::scan(result_.records[0].bytes, wire::record::CrcCheck::verify);
  EXPECT_EQ(scan.record.message.reconsume_times, 1);
}

TEST_F(Pop, SurvivesARestartFromTheLogAlone) {
  for (int i = 0; i < 4; ++i) send("t");
  pop(asking(3));
  ASSERT_TRUE(pops_.acknowledge(receipt(1)));
  ASSERT_TRUE(pops_.append(kNow));
  Broker again(store_, disk_, "config", {});
  ASSERT_TRUE(again.load(kNow));
  PopBatch pops(again);
  const auto plan = pops.prepare(asking(32), kNow);
  ASSERT_TRUE(pops.pop(*plan, kNow, result_));
  ASSERT_EQ(result_.messages.size(), 1U);
  EXPECT_EQ(result_.messages[0].offset, QueueOffset(3));
  ASSERT_TRUE(pops.pop(*plan, kNow + milliseconds(1000), result_));
  EXPECT_EQ(result_.messages.size(), 3U);  // 0, 2, 3; 1 is finished
  EXPECT_EQ(code_of(pops.acknowledge(receipt(77))), Errc::offset_not_found);
}

TEST_F(Pop, SurvivesARestartFromSnapshotAndLog) {
  for (int i = 0; i < 4; ++i) send("t");
  ASSERT_TRUE(broker_.load(kNow));
  pop(asking(2));
  ASSERT_TRUE(broker_.persist(kNow));
  ASSERT_TRUE(pops_.acknowledge(receipt(0)));
  pop(asking(1));
  Broker again(store_, disk_, "config", {});
  ASSERT_TRUE(again.load(kNow));
  PopBatch pops(again);
  const auto plan = pops.prepare(asking(32), kNow);
  ASSERT_TRUE(pops.pop(*plan, kNow, result_));
  ASSERT_EQ(result_.messages.size(), 1U);
  EXPECT_EQ(result_.messages[0].offset, QueueOffset(3));
  EXPECT_EQ(again.progress().committed("g", "t", QueueId(0)), QueueOffset(1));
}

TEST_F(Pop, AResetEndsEveryLease) {
  for (int i = 0; i < 3; ++i) send("t");
  pop(asking(3));
  ASSERT_TRUE(broker_.reset_offset("g", "t", QueueId(0), QueueOffset(1), kNow));
  EXPECT_THAT(pop(asking(3), kNow + milliseconds(1)), ElementsAre(1, 2));
  EXPECT_EQ(code_of(pops_.acknowledge(receipt(1))), Errc::offset_not_found);
}

TEST_F(Pop, WhatOthersWantIsLeftToThem) {
  PopQuery a = asking(9);
  a.expression = "A";
  PopQuery b = asking(9);
  b.expression = "B";
  pop(a);
  pop(b);
  for (const char* tag : {"A", "B", "A", "C"}) send("t", tag);
  EXPECT_THAT(pop(a), ElementsAre(0, 2));
  EXPECT_TRUE(result_.left);
  EXPECT_THAT(pop(b), ElementsAre(1));
}

TEST_F(Pop, AnOrderedGroupHasOneLeaseInAQueue) {
  for (int i = 0; i < 3; ++i) send("t");
  PopQuery query = asking(1);
  query.ordered = true;
  query.attempt_id = "x";
  EXPECT_THAT(pop(query), ElementsAre(0));
  EXPECT_THAT(pop(query, kNow + milliseconds(1)), ElementsAre(0));  // the same attempt
  EXPECT_EQ(result_.stamp, kNow);
  query.attempt_id = "y";
  EXPECT_THAT(pop(query, kNow + milliseconds(2)), ElementsAre());
  ASSERT_TRUE(pops_.acknowledge(receipt(0)));
  EXPECT_THAT(pop(query, kNow + milliseconds(3)), ElementsAre(1));
}

TEST_F(Pop, MessagesThatRetentionTookAreForgotten) {
  for (int i = 0; i < 4; ++i) send("t");
  pop(asking(2));
  store_.drop_below("t", QueueId(0), QueueOffset(3));
  EXPECT_THAT(pop(asking(9), kNow + milliseconds(1000)), ElementsAre(3));
}

TEST_F(Pop, TheLogHasTheOrderOfTheChangesWhoeverWritesFirst) {
  for (int i = 0; i < 4; ++i) send("t");
  PopBatch first(broker_), second(broker_);
  const auto plan = first.prepare(asking(2), kNow);
  ASSERT_TRUE(first.pop(*plan, kNow, result_));   // takes 0 and 1
  ASSERT_TRUE(second.pop(*plan, kNow, result_));  // takes 2 and 3
  ASSERT_TRUE(second.append(kNow));               // and then the process is killed
  Broker again(store_, disk_, "config", {});
  ASSERT_TRUE(again.load(kNow));
  PopBatch pops(again);
  const auto later = pops.prepare(asking(32), kNow);
  ASSERT_TRUE(later);
  ASSERT_TRUE(pops.pop(*later, kNow + milliseconds(1000), result_));
  EXPECT_EQ(result_.messages.size(), 4U);
}

TEST_F(Pop, WhatIsLeftForOthersIsLeftAfterARestartToo) {
  PopQuery a = asking(9), b = asking(9);
  a.expression = "A";
  b.expression = "B";
  pop(a);
  pop(b);
  for (const char* tag : {"A", "B"}) send("t", tag);
  EXPECT_THAT(pop(a), ElementsAre(0));
  Broker again(store_, disk_, "config", {});
  ASSERT_TRUE(again.load(kNow));
  PopBatch pops(again);
  const auto of_a = pops.prepare(a, kNow), of_b = pops.prepare(b, kNow);
  ASSERT_TRUE(pops.pop(*of_a, kNow + milliseconds(10), result_));
  EXPECT_TRUE(result_.messages.empty());
  ASSERT_TRUE(pops.pop(*of_b, kNow + milliseconds(20), result_));
  EXPECT_EQ(result_.messages.size(), 1U);
}

TEST_F(Pop, WhatIsLeftForOthersIsLookedAtOnceByEachFilter) {
  PopQuery of_reds = asking(32), of_numbers = asking(32);
  of_reds.expression = "red";
  of_numbers.expression = "n IS NOT NULL";
  of_numbers.expression_type = "SQL92";
  EXPECT_THAT(pop(of_reds), ElementsAre());
  for (int i = 0; i < 40; ++i) send("t", "red");
  EXPECT_THAT(pop(of_numbers), ElementsAre());
  EXPECT_THAT(pop(of_numbers), ElementsAre());
  const auto reads = store_.reads;
  EXPECT_THAT(pop(of_numbers), ElementsAre());
  EXPECT_EQ(store_.reads, reads) << "an SQL filter reads each message that it looks at";
  EXPECT_EQ(pop(of_reds).size(), 32U);
  EXPECT_EQ(pop(of_reds).size(), 8U);
  EXPECT_EQ(pop(of_reds, kNow + milliseconds(1000)).size(), 32U) << "ran out: looked at again";
}

TEST_F(Pop, WhatIsLeftForAMemberThatStaysAwayIsFinishedByAnother) {
  PopQuery of_reds = asking(32), of_blues = asking(32);
  of_reds.expression = "red";
  of_blues.expression = "blue";
  EXPECT_THAT(pop(of_reds), ElementsAre());
  for (const char* tag : {"red", "blue", "red"}) send("t", tag);
  EXPECT_THAT(pop(of_blues), ElementsAre(1));
  EXPECT_THAT(pop(of_blues), ElementsAre());
  EXPECT_EQ(progress(), 0);
  pop(of_blues, kNow + milliseconds(600'001));
  EXPECT_EQ(broker_.leases().find("g", "t")->queues.begin()->second.state.ready(), 0U);
}

class PopWhenTheClockIsSet : public Pop, public ::testing::WithParamInterface<int> {
 protected:
  std::size_t take(Broker& broker, PopBatch& pops, WallTime wall, std::int64_t steady_ms) {
    const auto plan = pops.prepare(asking(1), wall);
    const SteadyTime steady{milliseconds(steady_ms)};
    EXPECT_TRUE(pops.pop(*plan, broker.leases().clock().read(wall, steady), result_));
    EXPECT_TRUE(pops.append(wall));
    return result_.messages.size();
  }
};

TEST_P(PopWhenTheClockIsSet, NoLeaseEndsEarlyOrLate) {
  for (int i = 0; i < 2; ++i) send("t");
  EXPECT_EQ(take(broker_, pops_, kNow, 50'000), 1U);
  const WallTime set = kNow + std::chrono::hours(GetParam());
  EXPECT_EQ(take(broker_, pops_, set, 50'000), 1U);
  EXPECT_EQ(take(broker_, pops_, set + milliseconds(998), 50'998), 0U);

  Broker again(store_, disk_, "config", {});  // after another boot
  ASSERT_TRUE(again.load(set));
  PopBatch pops(again);
  EXPECT_EQ(take(again, pops, set + milliseconds(999), 10), 0U);
  EXPECT_EQ(take(again, pops, set + milliseconds(1'000), 11), 1U);
}

INSTANTIATE_TEST_SUITE_P(ForwardOrBack, PopWhenTheClockIsSet, ::testing::Values(1, -1));

TEST_F(Pop, AnAcknowledgementWakesAnOrderedGroup) {
  for (int i = 0; i < 2; ++i) send("t");
  PopQuery query = asking(1);
  query.ordered = true;
  pop(query);
  broker_.leases().find("g", "t")->watchers = 1;
  ASSERT_TRUE(pops_.acknowledge(receipt(0)));
  EXPECT_EQ(pops_.take_woken().size(), 1U);
}

TEST_F(Pop, ADeletedGroupIsNotServedThroughAnOldPlan) {
  send("t");
  const auto plan = pops_.prepare(asking(1), kNow);
  ASSERT_TRUE(broker_.remove_group("g", true, kNow));
  EXPECT_EQ(code_of(pops_.pop(*plan, kNow, result_)), Errc::group_not_found);
}

TEST_F(Pop, LookingBeginsNothing) {
  for (int i = 0; i < 3; ++i) send("t");
  const auto plan = pops_.prepare(asking(1), kNow);
  EXPECT_TRUE(pops_.any(*plan, kNow));
  EXPECT_FALSE(broker_.progress().committed("g", "t", QueueId(0)));
}

TEST_F(Pop, RefusesWhatItCannotDo) {
  EXPECT_EQ(code_of(pops_.prepare(asking(33), kNow)), Errc::invalid_argument);
  EXPECT_EQ(code_of(pops_.prepare(asking(1, milliseconds(0)), kNow)), Errc::invalid_argument);
  PopQuery elsewhere = asking(1);
  elsewhere.topic = "nowhere";
  EXPECT_EQ(code_of(pops_.prepare(elsewhere, kNow)), Errc::topic_not_found);
  elsewhere.topic = "t";
  elsewhere.queue_id = 7;
  EXPECT_EQ(code_of(pops_.prepare(elsewhere, kNow)), Errc::queue_out_of_range);
  EXPECT_EQ(code_of(pops_.acknowledge(receipt(0))), Errc::offset_not_found);
}

}  // namespace
}  // namespace sluice::broker
