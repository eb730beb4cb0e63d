#include "broker/life.h"

#include "broker/popping.h"
#include "broker/retrying.h"
#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::kNow;
using Role = LifeRecord::Role;
using Fate = LifeRecord::Fate;
using State = LifeShare::State;

/// One message, with the unique key "id", of the topic t.
class LifeTest : public testing::BrokerFixture {
 protected:
  LifeTest() {
    store_.store_ms = unix_ms(kNow);
    make_topic("t");
    EXPECT_TRUE(broker_.groups().find_or_create("g", kNow));
    send("t");
  }
  Life life(std::string_view topic = "t") {
    auto found = find_life(broker_, {.unique_key = "id", .topic = topic});
    EXPECT_TRUE(found) << found.error().remark();
    return found ? std::move(*found) : Life{};
  }
  void commit(std::int64_t next) {
    ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(next), kNow));
  }
  /// What happens from now on is stored that much later.
  void later(std::int64_t ms) { store_.store_ms = unix_ms(kNow) + ms; }
};

TEST_F(LifeTest, SaysWhereTheMessageLiesAndThatItIsFlushed) {
  const Life found = life();
  ASSERT_EQ(found.records.size(), 1U);
  EXPECT_EQ(found.records[0].role, Role::message);
  EXPECT_EQ(found.records[0].topic, "t");
  EXPECT_EQ(found.records[0].placement.store_ms, unix_ms(kNow));
  EXPECT_TRUE(found.shares.empty());
  EXPECT_TRUE(found.complete);
}

TEST_F(LifeTest, WithoutATopicAllAreSearched) {
  EXPECT_EQ(life("").records.size(), 1U);
  EXPECT_TRUE(life("other").records.empty());
  EXPECT_EQ(testing::code_of(find_life(broker_, {.unique_key = "", .topic = "t"})),
            Errc::invalid_argument);
}

TEST_F(LifeTest, AGroupIsBehindUntilItsProgressHasPassed) {
  commit(0);
  ASSERT_EQ(life().shares.size(), 1U);
  EXPECT_EQ(life().shares[0].state, State::waiting);
  later(250);
  commit(1);
  EXPECT_EQ(life().shares[0].state, State::consumed);
  EXPECT_EQ(life().shares[0].since_ms, 0) << "the log does not say yet";
  ASSERT_TRUE(broker_.log_progress(kNow));
  EXPECT_EQ(life().shares[0].since_ms, unix_ms(kNow) + 250);
}

TEST_F(LifeTest, ALeaseIsToldAndItsEnd) {
  PopBatch pops(broker_);
  const auto plan = pops.prepare({.group = "g",
                                  .topic = "t",
                                  .queue_id = 0,
                                  .invisible = milliseconds(1000),
                                  .start = PopStart::first},
                                 kNow);
  ASSERT_TRUE(plan);
  PopResult result;
  ASSERT_TRUE(pops.pop(*plan, kNow, result));
  ASSERT_TRUE(pops.append(kNow));
  LifeShare share = life().shares.at(0);
  EXPECT_EQ(share.state, State::leased);
  EXPECT_EQ(share.since_ms, unix_ms(kNow));
  EXPECT_EQ(share.until_ms, unix_ms(kNow) + 1000);
  static_cast<void>(broker_.leases().expire(kNow + milliseconds(1000)));
  share = life().shares.at(0);
  EXPECT_EQ(share.state, State::ready);
  EXPECT_EQ(share.attempts, 1);
  later(300);
  ASSERT_TRUE(pops.acknowledge({"g", "t", QueueId(0), QueueOffset(0), kNow}));
  ASSERT_TRUE(pops.append(kNow));
  share = life().shares.at(0);
  EXPECT_EQ(share.state, State::acknowledged);
  EXPECT_EQ(share.since_ms, unix_ms(kNow) + 300);
}

TEST_F(LifeTest, WhatIsGivenBackIsFoundInItsDelayAndAmongTheDead) {
  commit(1);
  SendBatch batch(broker_);
  const LogPosition position = life().records.at(0).placement.position;
  ASSERT_TRUE(
      give_back(broker_, batch, {.group = "g", .position = position, .delay_level = 3}, kNow));
  Life found = life();
  ASSERT_EQ(found.records.size(), 2U);
  EXPECT_EQ(found.records[1].role, Role::delayed);
  EXPECT_EQ(found.records[1].fate, Fate::waiting);
  EXPECT_EQ(found.records[1].to, "%RETRY%g");
  EXPECT_EQ(found.records[1].due_ms, unix_ms(kNow) + 10'000);
  SendBatch again(broker_);
  ASSERT_TRUE(
      give_back(broker_, again, {.group = "g", .position = position, .delay_level = -1}, kNow));
  found = life();
  ASSERT_EQ(found.records.size(), 3U);
  EXPECT_EQ(found.records[2].role, Role::dead);
  EXPECT_EQ(found.records[2].group, "g");
  EXPECT_EQ(found.records[2].reason, "the consumer wants it no more");
}

}  // namespace
}  // namespace sluice::broker
