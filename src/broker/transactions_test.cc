#include "broker/transactions.h"

#include <gmock/gmock.h>

#include "broker/testing/transactions_fixture.h"

namespace sluice::broker {
namespace {

using testing::Asked;
using testing::code_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kNow;
using testing::kSteady;
using testing::properties_of;
using testing::Ref;
using testing::TransactionsTest;
using Decision = Transactions::Decision;
namespace record = wire::record;

constexpr milliseconds kSecond{1000};

TEST_F(TransactionsTest, AHalfMessageIsStoredAsApacheDoes) {
  const Ref ref = half("k1");
  EXPECT_THAT(delivered(), IsEmpty());
  const auto halves = records(kHalfTopic, QueueId(0));
  ASSERT_EQ(halves.size(), 1u);
  const record::Message& stored = halves[0].message;
  EXPECT_EQ(stored.sys_flag & record::kTransactionRollback, 0);
  EXPECT_NE(stored.sys_flag & record::kCompressed, 0);
  EXPECT_EQ(record::find_property(stored.properties, "REAL_TOPIC"), "t");
  EXPECT_EQ(record::find_property(stored.properties, "REAL_QID"), "1");
  EXPECT_EQ(record::find_property(stored.properties, "__transactionId__"), "k1");
  EXPECT_EQ(halves[0].placement.position, ref.position);
}

TEST_F(TransactionsTest, ACommitStoresTheMessageAndTheMark) {
  half("k0");
  const Ref ref = half("k1");
  const auto ended = end(broker_, ref, Decision::commit);
  ASSERT_TRUE(ended) << ended.error().remark();
  EXPECT_EQ(ended->queues, (std::vector{broker_.topics().find("t")->queue(QueueId(1))}));
  const auto all = records("t", QueueId(1));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(as_text(all[0].message.body), "k1");
  EXPECT_EQ(all[0].message.sys_flag & record::kTransactionRollback, record::kTransactionCommit);
  EXPECT_EQ(all[0].message.prepared, ref.position);
  EXPECT_EQ(record::find_property(all[0].message.properties, "TRAN_MSG"), "true");
  const auto marked = records(kMarkTopic, QueueId(0));
  ASSERT_EQ(marked.size(), 1u);
  EXPECT_EQ(as_text(marked[0].message.body), "1,");
  EXPECT_EQ(record::find_property(marked[0].message.properties, "TAGS"), "d");
  EXPECT_EQ(broker_.transactions().open(), 1u);
}

TEST_F(TransactionsTest, ARollbackOnlyMarks) {
  const auto ended = end(broker_, half("k"), Decision::rollback);
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->queues.empty());
  EXPECT_THAT(delivered(), IsEmpty());
  EXPECT_THAT(marks(), ElementsAre("0,"));
}

TEST_F(TransactionsTest, OnlyItsProducerEndsATransactionAndOnlyOnce) {
  const Ref first = half("k0"), second = half("k1");
  EXPECT_EQ(code_of(end(broker_, first, Decision::commit, kNow, false, "q")), Errc::not_found);
  EXPECT_EQ(code_of(end(broker_, {QueueOffset(5), first.position}, Decision::commit)),
            Errc::not_found);
  EXPECT_EQ(code_of(end(broker_, {first.half, second.position}, Decision::commit)),
            Errc::not_found);
  EXPECT_EQ(code_of(end(broker_, {first.half, LogPosition(1 << 20)}, Decision::commit)),
            Errc::not_found);
  EXPECT_THAT(marks(), IsEmpty());
  EXPECT_TRUE(end(broker_, first, Decision::commit));
  const auto again = end(broker_, first, Decision::commit);
  ASSERT_EQ(code_of(again), Errc::not_found);
  EXPECT_THAT(std::string(again.error().remark()), HasSubstr("is over"));
  EXPECT_TRUE(end(broker_, second, Decision::rollback));
  EXPECT_EQ(code_of(end(broker_, second, Decision::commit)), Errc::not_found);
  EXPECT_THAT(delivered(), ElementsAre("k0"));
}

TEST_F(TransactionsTest, AnEndThatCannotBeStoredCanBeTriedAgain) {
  const Ref ref = half("k");
  store_.fail_appends = true;
  EXPECT_EQ(code_of(end(broker_, ref, Decision::commit)), Errc::disk_full);
  store_.fail_appends = false;
  EXPECT_TRUE(end(broker_, ref, Decision::commit));
  EXPECT_THAT(delivered(), ElementsAre("k"));
}

TEST_F(TransactionsTest, ACommitMakesARemovedTopicAgain) {
  const Ref ref = half("k");
  ASSERT_TRUE(broker_.remove_topic("t", kNow));
  ASSERT_TRUE(end(broker_, ref, Decision::commit));
  ASSERT_TRUE(broker_.topics().find("t"));
  EXPECT_THAT(delivered(), ElementsAre("k"));
}

TEST_F(TransactionsTest, ProducersAreAskedAndThenGivenUp) {
  const auto link = std::make_shared<Asked>();
  broker_.producers().hello(link, "p", {.seen = kSteady, .link = link});
  half("k");
  ASSERT_TRUE(broker_.check_transactions(kNow + milliseconds(5999)));
  EXPECT_THAT(link->halves, IsEmpty());
  EXPECT_EQ(broker_.transactions().next_due(), kNow + 6 * kSecond);
  WallTime now = kNow + 6 * kSecond;
  for (int i = 0; i < 15; ++i, now += 30 * kSecond) {
    ASSERT_TRUE(broker_.check_transactions(now));
    ASSERT_TRUE(broker_.check_transactions(now + 29 * kSecond));
  }
  EXPECT_EQ(link->halves, std::vector<std::int64_t>(15, 0));
  EXPECT_EQ(link->topics.front(), "t");
  EXPECT_EQ(link->keys.front(), "k");
  EXPECT_THAT(marks(), IsEmpty());
  const auto last = broker_.check_transactions(now);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->given_up, 1u);
  EXPECT_EQ(last->queues.size(), 1u);
  EXPECT_THAT(bodies(kUndecidedTopic, QueueId(0)), ElementsAre("k"));
  EXPECT_THAT(marks(), ElementsAre("0,"));
  EXPECT_THAT(delivered(), IsEmpty());
  EXPECT_EQ(broker_.transactions().next_due(), std::nullopt);
}

TEST(CheckPause, StaysOrGrowsUpToAnHour) {
  constexpr std::chrono::seconds kInterval(30);
  const TransactionOptions even{.check_interval = kInterval};
  const TransactionOptions doubled{.check_interval = kInterval, .check_growth = 200};
  const TransactionOptions rare{.check_interval = std::chrono::hours(2), .check_growth = 200};
  EXPECT_EQ(check_pause(even, 0), kInterval);
  EXPECT_EQ(check_pause(even, 14), kInterval);
  EXPECT_EQ(check_pause(doubled, 0), kInterval);
  EXPECT_EQ(check_pause(doubled, 1), 2 * kInterval);
  EXPECT_EQ(check_pause(doubled, 4), 16 * kInterval);
  EXPECT_EQ(check_pause(doubled, 1'000'000), std::chrono::hours(1));
  EXPECT_EQ(check_pause(rare, 3), std::chrono::hours(2));
}

TEST_F(TransactionsTest, AMessageCanAskForItsOwnTime) {
  const Ref ref = half("k", properties_of({{"CHECK_IMMUNITY_TIME_IN_SECONDS", "60"}}));
  EXPECT_EQ(broker_.transactions().next_due(), kNow + 60 * kSecond);
  const auto late = end(broker_, ref, Decision::commit, kNow + 61 * kSecond);
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->late);
  EXPECT_THAT(marks(), IsEmpty());
  EXPECT_TRUE(end(broker_, ref, Decision::commit, kNow + 61 * kSecond, true));
  EXPECT_THAT(delivered(), ElementsAre("k"));
}

TEST_F(TransactionsTest, AHalfMessageIsGivenUpBeforeTheLogDropsIt) {
  half("k", properties_of({{"CHECK_IMMUNITY_TIME_IN_SECONDS", "1000000"}}));
  const auto next = broker_.transactions().next_due();
  ASSERT_TRUE(next);
  EXPECT_LT(*next, kNow + std::chrono::hours(72));
  ASSERT_TRUE(broker_.check_transactions(*next));
  EXPECT_THAT(bodies(kUndecidedTopic, QueueId(0)), ElementsAre("k"));
}

}  // namespace
}  // namespace sluice::broker
