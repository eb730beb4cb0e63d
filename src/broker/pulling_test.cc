#include "broker/pulling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::code_of;
using ::testing::HasSubstr;
using testing::kNow;
using testing::kSteady;
using testing::records_in;

struct TestLink : delivery::Link {
  void members_changed(std::string_view) override {}
};

class Pull : public testing::BrokerFixture {
 protected:
  void SetUp() override { make_topic("t"); }

  void join(std::string_view topic, std::string_view expression, std::int64_t version = 1,
            delivery::MessageModel model = delivery::MessageModel::clustering) {
    delivery::Hello hello;
    hello.client_id = "c";
    hello.group = "g";
    hello.model = model;
    hello.subscriptions.push_back(*delivery::parse_subscription(topic, expression, "TAG", version));
    ASSERT_TRUE(broker_.consumer_hello(link_, std::move(hello), kNow, kSteady));
  }
  void configure_group(GroupConfig config) {
    config.name = "g";
    ASSERT_TRUE(broker_.groups().put(std::move(config), kNow));
  }
  /// A pull that relies on the heartbeat's subscription.
  PullQuery by_heartbeat(std::string_view topic) {
    PullQuery q = query(topic, 0, std::nullopt);
    q.link = link_.get();
    return q;
  }
  void expect(const PullQuery& q, PullStatus status, std::int64_t next, std::int32_t messages = 0) {
    const auto result = pull(q);
    ASSERT_TRUE(result) << result.error().remark();
    EXPECT_EQ(result->status, status) << pull_status_name(result->status);
    EXPECT_EQ(result->next, QueueOffset(next));
    EXPECT_EQ(result->messages, messages);
    EXPECT_EQ(records_in(*result).size(), static_cast<std::size_t>(messages));
  }

  std::shared_ptr<TestLink> link_ = std::make_shared<TestLink>();
};

TEST_F(Pull, GivesMessagesAndTheOffsetBehindThem) {
  for (int i = 0; i < 3; ++i) send("t");
  const auto result = pull(query("t", 1));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, PullStatus::found);
  EXPECT_EQ(result->next, QueueOffset(3));
  EXPECT_EQ(result->min, QueueOffset(0));
  EXPECT_EQ(result->max, QueueOffset(3));
  const auto records = records_in(*result);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].placement.offset, QueueOffset(1));
  EXPECT_EQ(records[1].placement.offset, QueueOffset(2));
}

TEST_F(Pull, JoinsNeighboursInTheLogToOneSlice) {
  make_topic("between");
  send("t");
  send("t");
  send("between");
  send("t");
  const auto result = pull(query("t", 0));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->records.size(), 2u);
  EXPECT_EQ(records_in(*result).size(), 3u);
  EXPECT_EQ(result->bytes, result->records[0].bytes.size() + result->records[1].bytes.size());
}

TEST_F(Pull, AtTheEndFindsNothing) {
  expect(query("t", 0), PullStatus::not_found, 0);
  send("t");
  expect(query("t", 1), PullStatus::not_found, 1);
}

TEST_F(Pull, OutsideTheQueueIsMovedIntoIt) {
  expect(query("t", 5), PullStatus::moved, 0);
  for (int i = 0; i < 4; ++i) send("t");
  expect(query("t", 9), PullStatus::moved, 4);
  expect(query("t", -1), PullStatus::moved, 0);
  store_.drop_below("t", QueueId(0), QueueOffset(2));
  expect(query("t", 1), PullStatus::moved, 2);
}

TEST_F(Pull, RecordsRemovedMeanwhileAreSkippedByRetry) {
  for (int i = 0; i < 4; ++i) send("t");
  PullQuery q = query("t", 1);
  const auto plan = broker_.prepare_pull(q, kNow);
  ASSERT_TRUE(plan);
  make_topic("other");
  send("other");
  // The log has gone on; the queue's own min() has not followed yet.
  store_.drop_below("other", QueueId(0), QueueOffset(0));
  PullResult result;
  ASSERT_TRUE(broker_.read(*plan, result));
  EXPECT_EQ(result.status, PullStatus::retry);
  EXPECT_EQ(result.messages, 0);
  EXPECT_GE(result.next, q.offset);
}

TEST_F(Pull, StopsAtTheWantedNumberOfMessages) {
  for (int i = 0; i < 5; ++i) send("t");
  PullQuery q = query("t", 0);
  q.max_messages = 2;
  expect(q, PullStatus::found, 2, 2);
}

TEST_F(Pull, StopsAtTheWantedBytesButGivesOneMessageAlways) {
  for (int i = 0; i < 3; ++i) send("t", "", std::string(1000, 'x'));
  PullQuery q = query("t", 0);
  q.max_bytes = 10;
  expect(q, PullStatus::found, 1, 1);
  q.max_bytes = 2500;
  expect(q, PullStatus::found, 2, 2);
}

TEST_F(Pull, GivesMatchingTagsOnlyAndGoesOnBehindTheRest) {
  for (const char* tag : {"a", "b", "a", "b"}) send("t", tag);
  expect(query("t", 0, "a"), PullStatus::found, 4, 2);
  expect(query("t", 0, "a || b"), PullStatus::found, 4, 4);
}

TEST_F(Pull, WithoutAMatchEndsParkableBehindWhatItHasSeen) {
  for (int i = 0; i < 3; ++i) send("t", "b");
  expect(query("t", 0, "a"), PullStatus::not_found, 3);
}

TEST_F(Pull, LooksAtALimitedNumberOfEntriesThenAsksToRetry) {
  for (int i = 0; i < 16'100; ++i) send("t", "b", "");
  const auto result = pull(query("t", 0, "a"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, PullStatus::retry);
  EXPECT_GE(result->next, QueueOffset(16'000));
  EXPECT_LT(result->next, QueueOffset(16'100));
}

TEST_F(Pull, TakesTheHeartbeatsSubscription) {
  join("t", "a");
  send("t", "a");
  send("t", "b");
  expect(by_heartbeat("t"), PullStatus::found, 2, 1);
}

TEST_F(Pull, GivesRetriedMessagesWhateverTheirTags) {
  configure_group({});
  make_topic("%RETRY%g", 1);
  send("%RETRY%g", "b");
  expect(query("%RETRY%g", 0, "a"), PullStatus::found, 1, 1);
}

TEST_F(Pull, NeedsASubscription) {
  EXPECT_EQ(code_of(pull(by_heartbeat("t"))), Errc::subscription_not_found);
  join("other", "*");
  EXPECT_EQ(code_of(pull(by_heartbeat("t"))), Errc::subscription_not_found);
}

TEST_F(Pull, IsRefusedWhileTheBrokerKnowsAnOlderSubscription) {
  join("t", "*", 5);
  PullQuery q = by_heartbeat("t");
  q.sub_version = 6;
  EXPECT_EQ(code_of(pull(q)), Errc::subscription_stale);
  q.sub_version = 5;
  EXPECT_TRUE(pull(q));
}

TEST_F(Pull, RefusesBrokenAndForeignExpressions) {
  EXPECT_EQ(code_of(pull(query("t", 0, " || "))), Errc::subscription_malformed);
  PullQuery q = query("t", 0, "a > 1");
  q.expression_type = "GROOVY";
  EXPECT_EQ(code_of(pull(q)), Errc::unsupported);
}

TEST_F(Pull, ObeysTheGroupsSwitches) {
  configure_group({.consume_enable = false});
  EXPECT_EQ(code_of(pull(query("t", 0))), Errc::not_permitted);
  configure_group({.consume_broadcast_enable = false});
  EXPECT_TRUE(pull(query("t", 0)));
  join("t", "*", 1, delivery::MessageModel::broadcasting);
  EXPECT_EQ(code_of(pull(by_heartbeat("t"))), Errc::not_permitted);
}

TEST_F(Pull, ChecksTheTopicItsPermissionAndItsQueues) {
  EXPECT_EQ(code_of(pull(query("missing", 0))), Errc::topic_not_found);
  make_topic("write_only", 1, kPermWrite);
  EXPECT_EQ(code_of(pull(query("write_only", 0))), Errc::not_permitted);
  PullQuery q = query("t", 0);
  for (const std::int32_t queue : {-1, 2, 1 << 30}) {
    q.queue_id = queue;
    EXPECT_EQ(code_of(pull(q)), Errc::queue_out_of_range) << queue;
  }
}

TEST_F(Pull, CommitsTheProgressItBrings) {
  PullQuery q = query("t", 0);
  q.queue_id = 1;
  q.commit = QueueOffset(7);
  ASSERT_TRUE(pull(q));
  EXPECT_EQ(broker_.progress().committed("g", "t", QueueId(1)), QueueOffset(7));
  q.commit = QueueOffset(-1);
  ASSERT_TRUE(pull(q));
  EXPECT_EQ(broker_.progress().committed("g", "t", QueueId(1)), QueueOffset(7));
}

TEST_F(Pull, CountsWhatItGave) {
  send("t");
  ASSERT_TRUE(pull(query("t", 0)));
  ASSERT_TRUE(pull(query("t", 1)));
  EXPECT_EQ(broker_.traffic().got_messages, 1);
  EXPECT_GT(broker_.traffic().got_bytes, 0);
  EXPECT_EQ(broker_.traffic().get_missed, 1);
}

class PullWithoutAutoCreate : public testing::BrokerFixture {
 protected:
  PullWithoutAutoCreate() : BrokerFixture({.auto_create_group = false}) {}
};

TEST_F(PullWithoutAutoCreate, NeedsItsGroup) {
  make_topic("t");
  const auto result = pull(query("t", 0));
  ASSERT_EQ(code_of(result), Errc::group_not_found);
  EXPECT_THAT(std::string(result.error().remark()), HasSubstr("g"));
}

}  // namespace
}  // namespace sluice::broker
