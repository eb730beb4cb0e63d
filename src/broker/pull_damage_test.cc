#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/popping.h"
#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::BrokerFixture;
using testing::code_of;
using testing::records_in;

/// Six messages in T/0.
class PullDamage : public BrokerFixture, public ::testing::WithParamInterface<Damaged> {
 protected:
  PullDamage() : BrokerFixture({.damaged = GetParam()}) {
    make_topic("T", 1);
    for (int i = 0; i < 6; ++i) send("T", {}, std::to_string(i));
  }
  PullResult read(std::int64_t offset, Wait wait = Wait::yes) {
    const auto plan = broker_.prepare_pull(query("T", offset), testing::kNow);
    PullResult result;
    const auto done = broker_.read(*plan, result, wait);
    EXPECT_TRUE(done) << done.error().remark();
    return result;
  }
  static std::vector<std::string> bodies(const PullResult& result) {
    std::vector<std::string> all;
    for (const auto& record : records_in(result)) {
      all.emplace_back(as_text(record.message.body));
    }
    return all;
  }
};
INSTANTIATE_TEST_SUITE_P(Policies, PullDamage, ::testing::Values(Damaged::stop, Damaged::skip),
                         [](const auto& info) {
                           return info.param == Damaged::stop ? "Stop" : "Skip";
                         });

TEST_P(PullDamage, AMessageThatCannotBeReadEndsThePullOrIsPassedOver) {
  store_.damage("T", QueueId(0), QueueOffset(2));
  if (GetParam() == Damaged::skip) {
    const PullResult result = read(0);
    EXPECT_EQ(bodies(result), (std::vector<std::string>{"0", "1", "3", "4", "5"}));
    EXPECT_EQ(result.next, QueueOffset(6));
    EXPECT_EQ(broker_.traffic().damaged, 1);
    return;
  }
  const PullResult before = read(0);
  EXPECT_EQ(bodies(before), (std::vector<std::string>{"0", "1"}));
  EXPECT_EQ(before.next, QueueOffset(2));
  const auto failed = pull(query("T", 2));
  ASSERT_EQ(code_of(failed), Errc::corrupt);
  EXPECT_THAT(failed.error().remark(), ::testing::HasSubstr("damagedMessages=skip"));
  EXPECT_EQ(bodies(read(3)), (std::vector<std::string>{"3", "4", "5"})) << "an offset behind it";
}

TEST_P(PullDamage, ADamagedIndexEntryDoesNotMakeThePullRepeatForever) {
  for (const store::IndexEntry bad :
       {store::IndexEntry{.position = LogPosition(1LL << 40), .size = 100},
        {.position = LogPosition(-5), .size = 100},
        {.position = LogPosition(0), .size = -1}}) {
    store_.set_entry("T", QueueId(0), QueueOffset(3), bad);
    for (const Wait wait : {Wait::no, Wait::yes}) {
      if (GetParam() == Damaged::skip) {
        EXPECT_EQ(bodies(read(3, wait)), (std::vector<std::string>{"4", "5"}));
      } else {
        EXPECT_EQ(code_of(pull(query("T", 3))), Errc::corrupt);
        EXPECT_EQ(bodies(read(1, wait)), (std::vector<std::string>{"1", "2"}));
      }
    }
  }
}

TEST_P(PullDamage, WhereAMessageWasLostNothingIsServedAndThePullGoesOn) {
  store_.set_entry("T", QueueId(0), QueueOffset(3),
                   {.position = LogPosition(0), .size = store::kBlankEntrySize});
  EXPECT_EQ(bodies(read(0)), (std::vector<std::string>{"0", "1", "2", "4", "5"}));
}

TEST_P(PullDamage, WhatIsNotInMemoryIsColdForWhoMayNotWait) {
  store_.cold = true;
  const PullResult cold = read(0, Wait::no);
  EXPECT_EQ(cold.status, PullStatus::cold);
  EXPECT_EQ(cold.messages, 0);
  EXPECT_EQ(bodies(read(0, Wait::yes)).size(), 6u);
  store_.cold = false;
  EXPECT_EQ(bodies(read(0, Wait::no)).size(), 6u);
}

TEST_P(PullDamage, APopGivesWhatIsWellAndNamesTheRest) {
  store_.damage("T", QueueId(0), QueueOffset(2));
  store_.cold = true;
  PopBatch pops(broker_);
  const auto plan =
      pops.prepare({.group = "g", .topic = "T", .start = PopStart::first}, testing::kNow);
  ASSERT_TRUE(plan) << plan.error().remark();
  PopResult result;
  ASSERT_TRUE(pops.pop(*plan, testing::kNow, result, Wait::no));
  EXPECT_TRUE(result.cold);
  EXPECT_EQ(result.messages.size(), 6u) << "leased already";
  ASSERT_TRUE(read_popped(broker_, result, Wait::yes));
  EXPECT_EQ(result.messages.size(), 5u);
  EXPECT_EQ(result.records.size(), 5u);
  ASSERT_EQ(result.damaged.size(), 1u);
  EXPECT_EQ(result.damaged[0].offset, QueueOffset(2));
}

/// As if the log had dropped all of the queue, of which this message is kept beside it.
TEST_P(PullDamage, AMessageThatMovesBesideTheLogMeanwhileIsAskedForAgain) {
  make_topic("other", 1);
  send("other", {}, "x");
  const auto move = [this] {
    store_.set_entry("T", QueueId(0), QueueOffset(2),
                     {.position = LogPosition(store::kCompactedBit), .size = 200});
    store_.drop_below("other", QueueId(0), QueueOffset(1));
  };
  store_.before_read = move;
  const PullResult result = read(2);
  EXPECT_EQ(result.status, PullStatus::retry);
  EXPECT_EQ(result.next, QueueOffset(2));
  EXPECT_EQ(broker_.traffic().damaged, 0);
}

TEST_P(PullDamage, APoppedMessageThatTheLogDropsMeanwhileIsNotTakenForDamaged) {
  make_topic("other", 1);
  send("other", {}, "x");
  store_.cold = true;
  PopBatch pops(broker_);
  const auto plan =
      pops.prepare({.group = "g", .topic = "T", .start = PopStart::first}, testing::kNow);
  PopResult result;
  ASSERT_TRUE(pops.pop(*plan, testing::kNow, result, Wait::no));
  ASSERT_EQ(result.messages.size(), 6u);
  store_.drop_below("other", QueueId(0), QueueOffset(1));
  ASSERT_TRUE(read_popped(broker_, result, Wait::yes));
  EXPECT_TRUE(result.messages.empty());
  EXPECT_TRUE(result.damaged.empty()) << "they are looked for anew when the lease is over";
}

TEST_P(PullDamage, ANewGroupDoesNotBeginWithWhatIsKeptBesideTheLog) {
  ASSERT_EQ(broker_.query_offset("g", "T", QueueId(0), true), QueueOffset(0)) << "in memory";
  store_.set_entry("T", QueueId(0), QueueOffset(0),
                   {.position = LogPosition(store::kCompactedBit), .size = 200});
  EXPECT_EQ(code_of(broker_.query_offset("g", "T", QueueId(0), true)), Errc::offset_not_found);
}

TEST_P(PullDamage, AnIndexEntryBeforeTheLogIsDamageForAPop) {
  make_topic("other", 1);
  send("other", {}, "x");
  store_.drop_below("other", QueueId(0), QueueOffset(1));
  PopBatch pops(broker_);
  const auto plan =
      pops.prepare({.group = "g", .topic = "T", .start = PopStart::first}, testing::kNow);
  PopResult result;
  ASSERT_TRUE(pops.pop(*plan, testing::kNow, result, Wait::yes));
  EXPECT_EQ(result.damaged.size(), 6u);
}

}  // namespace
}  // namespace sluice::broker
