#include <map>

#include <gmock/gmock.h>

#include "broker/testing/transactions_fixture.h"
#include "broker/transactions.h"

namespace sluice::broker {
namespace {

using ::testing::ElementsAre;
using testing::kNow;
using testing::properties_of;
using testing::Ref;
using testing::TransactionsTest;
using Decision = Transactions::Decision;
namespace record = wire::record;

constexpr milliseconds kSecond{1000};

TEST_F(TransactionsTest, WhatIsOpenComesBackAfterARestart) {
  const Ref first = half("k0"), second = half("k1"), third = half("k2");
  ASSERT_TRUE(end(broker_, first, Decision::commit));
  ASSERT_TRUE(end(broker_, third, Decision::rollback));
  ASSERT_TRUE(broker_.check_transactions(kNow + 7 * kSecond));
  ASSERT_TRUE(broker_.persist(kNow));
  const auto again = restart(kNow + 8 * kSecond);
  EXPECT_EQ(again->transactions().open(), 1u);
  EXPECT_THAT(again->transactions().checks(), ElementsAre(std::pair(1, 1)));
  EXPECT_EQ(again->transactions().next_due(), kNow + 38 * kSecond);
  EXPECT_FALSE(end(*again, first, Decision::commit));
  EXPECT_FALSE(end(*again, third, Decision::commit));
  EXPECT_TRUE(end(*again, second, Decision::commit));
  EXPECT_THAT(delivered(), ElementsAre("k0", "k1"));
}

TEST_F(TransactionsTest, ProgressIsApachesAndWaitsForTheFlush) {
  const auto noted = [this] {
    EXPECT_TRUE(broker_.persist(kNow));
    const auto of = [this](std::string_view topic) {
      return broker_.progress()
          .committed(kTransactionGroup, topic, QueueId(0))
          .value_or(QueueOffset(0))
          .value;
    };
    return std::pair(of(kHalfTopic), of(kMarkTopic));
  };
  const Ref first = half("k0"), second = half("k1"), third = half("k2");
  EXPECT_EQ(noted(), std::pair(0L, 0L));
  ASSERT_TRUE(end(broker_, second, Decision::commit));
  EXPECT_EQ(noted(), std::pair(0L, 0L));
  store_.unflushed = 1;
  ASSERT_TRUE(end(broker_, first, Decision::commit));
  EXPECT_EQ(noted(), std::pair(0L, 0L));
  store_.unflushed = 0;
  EXPECT_EQ(noted(), std::pair(2L, 0L));
  ASSERT_TRUE(end(broker_, third, Decision::rollback));
  EXPECT_EQ(noted(), std::pair(3L, 3L));
}

TEST_F(TransactionsTest, ACopyThatApacheMadeToAskStandsForTheFirst) {
  const Ref first = half("k");
  const Ref copy = half("k", properties_of({{"TRANSACTION_CHECK_TIMES", "4"}}));
  const auto again = restart();
  EXPECT_THAT(again->transactions().checks(), ElementsAre(std::pair(1, 4)));
  EXPECT_FALSE(end(*again, first, Decision::commit));
  EXPECT_TRUE(end(*again, copy, Decision::commit));
  EXPECT_THAT(delivered(), ElementsAre("k"));
}

TEST_F(TransactionsTest, MarksOfSeveralHalfMessagesAreRead) {
  for (const char* key : {"k0", "k1", "k2"}) half(key);
  const auto queue = store_.queue(kMarkTopic, QueueId(0));
  auto mark = mark_record("0,2,", *queue, kNow, {});
  ASSERT_TRUE(mark);
  ASSERT_TRUE(store_.append({&*mark, 1}));
  EXPECT_EQ(restart()->transactions().open(), 1u);
}

/// A run of transactions that is killed when the log has `records` records of it; then a restart,
/// after which every producer says again what it said before.
TEST_F(TransactionsTest, KilledBetweenAnyTwoRecordsNothingIsLostOrDoubled) {
  constexpr int kTransactions = 6;
  const auto decision = [](int i) { return i % 3 == 1 ? Decision::rollback : Decision::commit; };
  for (std::int64_t records = 0; records <= 24; ++records) {
    testing::FakeStore store;
    store.store_ms = unix_ms(kNow);
    store::testing::MemoryDisk disk;
    std::map<int, Ref> halves;
    {
      Broker broker(store, disk, "config", {});
      ASSERT_TRUE(broker.load(kNow));
      TopicConfig config{.name = "t"};
      config.read_queues = config.write_queues = 2;
      ASSERT_TRUE(broker.topics().put(std::move(config), kNow));
      ASSERT_TRUE(broker.persist(kNow));
      store.records_left = records;
      for (int i = 0; i < kTransactions; ++i) {
        if (auto ref = try_half(broker, std::to_string(i))) halves.emplace(i, *ref);
        // Each is ended while the next one is open.
        if (halves.contains(i - 1)) std::ignore = end(broker, halves[i - 1], decision(i - 1));
        if (i % 2 == 0) std::ignore = broker.log_progress(kNow);
        if (i % 3 == 0) std::ignore = broker.persist(kNow);
      }
    }
    store.records_left = 1000;
    std::map<std::string, int> times;
    for (int run = 0; run < 2; ++run) {
      Broker broker(store, disk, "config", {});
      ASSERT_TRUE(broker.load(kNow));
      for (const auto& [i, ref] : halves) std::ignore = end(broker, ref, decision(i));
      EXPECT_EQ(broker.transactions().open(), 0u) << records;
      ASSERT_TRUE(broker.persist(kNow));
    }
    const auto queue = store.queue("t", QueueId(1));
    for (QueueOffset at; at < queue->max(); at += 1) {
      std::array<store::IndexEntry, 1> entry;
      ASSERT_TRUE(queue->read(at, entry));
      const auto slice = store.read(entry[0].position, entry[0].size);
      const auto found = record::scan(slice->bytes, record::CrcCheck::verify);
      ++times[std::string(as_text(found.record.message.body))];
    }
    for (int i = 0; i < kTransactions; ++i) {
      const bool comes = halves.contains(i) && decision(i) == Decision::commit;
      EXPECT_EQ(times[std::to_string(i)], comes ? 1 : 0) << "message " << i << ", " << records;
    }
  }
}

}  // namespace
}  // namespace sluice::broker
