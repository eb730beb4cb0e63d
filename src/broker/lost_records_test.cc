// Where a repair, or a start that may pass over damage, found a record lost, the queue's entry is
// blank. The broker does without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/popping.h"
#include "broker/progress_log.h"
#include "broker/testing/transactions_fixture.h"

namespace sluice::broker {
namespace {

using ::testing::ElementsAre;
using testing::kNow;

class LostRecords : public testing::BrokerFixture {
 protected:
  void SetUp() override {
    store_.store_ms = unix_ms(kNow);
    make_topic("t", 1);
    ASSERT_TRUE(broker_.load(kNow));
  }
  void lose(std::string_view topic, std::int64_t offset) {
    store_.set_entry(topic, QueueId(0), QueueOffset(offset),
                     {.position = LogPosition(0), .size = store::kBlankEntrySize});
  }
  std::unique_ptr<Broker> restart() {
    auto again = std::make_unique<Broker>(store_, disk_, "config", BrokerOptions{});
    const auto loaded = again->load(kNow);
    EXPECT_TRUE(loaded) << loaded.error().remark();
    return again;
  }
  std::vector<std::int64_t> pop() {
    PopBatch pops(broker_);
    PopResult result;
    const auto plan = pops.prepare({.group = "g", .topic = "t", .start = PopStart::first}, kNow);
    EXPECT_TRUE(plan && pops.pop(*plan, kNow, result) && pops.append(kNow));
    std::vector<std::int64_t> offsets;
    for (const auto& message : result.messages) offsets.push_back(message.offset.value);
    EXPECT_TRUE(read_popped(broker_, result, Wait::yes));
    EXPECT_TRUE(result.damaged.empty());
    return offsets;
  }
};

TEST_F(LostRecords, OfProgressCostOneChange) {
  for (int i = 0; i < 10; ++i) send("t");
  for (const std::int64_t offset : {5, 7, 9}) {
    ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(offset), kNow));
    ASSERT_TRUE(broker_.log_progress(kNow));
  }
  lose(kProgressTopic, 1);
  EXPECT_EQ(restart()->progress().committed("g", "t", QueueId(0)), QueueOffset(9));
  lose(kProgressTopic, 2);
  EXPECT_EQ(restart()->progress().committed("g", "t", QueueId(0)), QueueOffset(5));
}

TEST_F(LostRecords, OfMarksOfTimedMessagesKeepNoBrokerFromStarting) {
  SendBatch batch(broker_);
  const std::string properties = testing::properties_of({{"TIMER_DELAY_MS", "1000"}});
  ASSERT_TRUE(batch.add({.topic = "t", .queue_id = 0, .properties = properties}, kNow));
  ASSERT_TRUE(batch.append());
  ASSERT_EQ(broker_.timers().deliver(kNow + milliseconds(1001))->count, 1u);
  lose(kTimerMarksTopic, 0);
  EXPECT_LE(restart()->timers().waiting(), 1);
}

TEST_F(LostRecords, AreNoMessagesToAPop) {
  for (int i = 0; i < 5; ++i) send("t");
  lose("t", 0);
  lose("t", 3);
  EXPECT_THAT(pop(), ElementsAre(1, 2, 4));
  EXPECT_THAT(pop(), ElementsAre());
}

using LostHalfMessages = testing::TransactionsTest;

TEST_F(LostHalfMessages, AreNotTheOnesBehindThem) {
  half("k0");
  const auto second = half("k1");
  store_.set_entry(kHalfTopic, QueueId(0), QueueOffset(0),
                   {.position = second.position, .size = store::kBlankEntrySize});
  EXPECT_EQ(restart()->transactions().open(), 1u);
}

}  // namespace
}  // namespace sluice::broker
