#include "broker/retrying.h"

#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"
#include "wire/record/message_id.h"

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using wire::record::find_property;

class GiveBack : public BrokerFixture {
 protected:
  GiveBack() {
    make_topic("t", 1);
    EXPECT_TRUE(broker_.load(kNow));
    EXPECT_TRUE(broker_.groups().put({.name = "g", .retry_max_times = 2}, kNow));
    send("t", "red");
  }

  /// The record that stands last in a topic's queue 0.
  wire::record::Decoded last(std::string_view topic) {
    const auto queue = store_.queue(topic, QueueId(0));
    std::array<store::IndexEntry, 1> entry;
    EXPECT_EQ(queue->read(queue->max() - 1, entry).value_or(0), 1u) << topic;
    const auto slice = store_.read(entry[0].position, entry[0].size);
    EXPECT_TRUE(slice);
    return wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record;
  }

  Result<std::optional<LogPosition>> give(GiveBackQuery query) {
    SendBatch batch(broker_);
    if (query.group.empty()) query.group = "g";
    return give_back(broker_, batch, query, kNow);
  }
  /// Gives the topic's last message back and delivers it again.
  void fail_once(std::string_view topic) {
    const auto given = give({.position = last(topic).placement.position});
    ASSERT_TRUE(given) << given.error().remark();
    ASSERT_TRUE(broker_.schedule().deliver(kNow + 3h));
  }
};

TEST_F(GiveBack, TheMessageWaitsForTheGroupsRetryTopic) {
  const auto given = give({.position = last("t").placement.position});
  ASSERT_TRUE(given) << given.error().remark();
  EXPECT_TRUE(*given);
  EXPECT_EQ(store_.queue("%RETRY%g", QueueId(0))->max(), QueueOffset(0));
  EXPECT_EQ(store_.queue("SCHEDULE_TOPIC_XXXX", QueueId(2))->max(), QueueOffset(1));
}

TEST_F(GiveBack, ItComesAgainWithWhereItWasFirst) {
  const auto sent = last("t");
  fail_once("t");
  const auto again = last("%RETRY%g");
  EXPECT_EQ(again.message.reconsume_times, 1);
  EXPECT_EQ(as_text(again.message.body), "body");
  EXPECT_EQ(again.message.born_ms, sent.message.born_ms);
  const std::string_view properties = again.message.properties;
  EXPECT_EQ(find_property(properties, "RETRY_TOPIC"), "t");
  EXPECT_EQ(find_property(properties, "ORIGIN_MESSAGE_ID"),
            wire::record::message_id(sent.placement.store_host, sent.placement.position));
  EXPECT_EQ(find_property(properties, "WAIT"), "false");
  EXPECT_EQ(find_property(properties, "DELAY"), "3");
  EXPECT_EQ(find_property(properties, "TAGS"), "red");
  EXPECT_EQ(find_property(properties, "UNIQ_KEY"), "id");
  fail_once("%RETRY%g");
  const auto third = last("%RETRY%g");
  EXPECT_EQ(third.message.reconsume_times, 2);
  EXPECT_EQ(find_property(third.message.properties, "DELAY"), "4");
  EXPECT_EQ(find_property(third.message.properties, "RETRY_TOPIC"), "t");
}

TEST_F(GiveBack, AfterTheLastRetryItIsADeadLetter) {
  fail_once("t");
  fail_once("%RETRY%g");
  fail_once("%RETRY%g");
  const auto dead = last("%DLQ%g");
  EXPECT_EQ(dead.message.reconsume_times, 3);
  const std::string_view properties = dead.message.properties;
  EXPECT_EQ(find_property(properties, "DELAY"), "0");
  EXPECT_EQ(find_property(properties, "DLQ_ORIGIN_TOPIC"), "t");
  EXPECT_EQ(find_property(properties, "DLQ_ORIGIN_MESSAGE_ID"), "id");
  EXPECT_EQ(find_property(properties, "DLQ_REASON"), "delivered again 2 times, which is the limit");
  EXPECT_EQ(broker_.topics().find("%DLQ%g")->config()->write_queues, 1);
}

TEST_F(GiveBack, ANegativeLevelMeansNoMore) {
  ASSERT_TRUE(give({.position = last("t").placement.position, .delay_level = -1}));
  EXPECT_EQ(find_property(last("%DLQ%g").message.properties, "DLQ_REASON"),
            "the consumer wants it no more");
}

TEST_F(GiveBack, TheConsumersOwnLimitWins) {
  ASSERT_TRUE(give({.position = last("t").placement.position, .max_reconsume_times = 0}));
  EXPECT_EQ(last("%DLQ%g").message.reconsume_times, 1);
  ASSERT_TRUE(give({.position = last("t").placement.position, .max_reconsume_times = -1}));
  ASSERT_TRUE(broker_.schedule().deliver(kNow + 3h));
  EXPECT_EQ(last("%RETRY%g").message.reconsume_times, 1);
}

TEST_F(GiveBack, TheConsumersLevelWinsOverThePolicy) {
  ASSERT_TRUE(give({.position = last("t").placement.position, .delay_level = 1}));
  EXPECT_EQ(broker_.schedule().next_due(kNow), from_unix_ms(1000));
}

TEST_F(GiveBack, TheGroupsPolicyChoosesTheLevel) {
  GroupConfig config{.name = "g"};
  config.retry_policy = {.type = RetryPolicy::Type::exponential,
                         .exponential = ExponentialRetry{4'000, 60'000, 10}};
  ASSERT_TRUE(broker_.groups().put(config, kNow));
  fail_once("t");
  EXPECT_EQ(find_property(last("%RETRY%g").message.properties, "DELAY"), "2");
  fail_once("%RETRY%g");
  EXPECT_EQ(find_property(last("%RETRY%g").message.properties, "DELAY"), "5");
}

TEST_F(GiveBack, AGroupWithoutRetryQueuesKeepsNothing) {
  GroupConfig config{.name = "g"};
  config.retry_queues = 0;
  ASSERT_TRUE(broker_.groups().put(config, kNow));
  const LogPosition end = store_.end();
  const auto given = give({.position = last("t").placement.position});
  ASSERT_TRUE(given);
  EXPECT_FALSE(*given);
  EXPECT_EQ(store_.end(), end);
}

TEST_F(GiveBack, RefusesWhatIsNotThere) {
  EXPECT_EQ(code_of(give({.group = "nobody"})), Errc::group_not_found);
  EXPECT_EQ(code_of(give({.position = store_.end()})), Errc::not_found);
}

TEST_F(GiveBack, AnUnwritableRetryTopicIsSaid) {
  make_topic("%RETRY%g", 1, kPermRead);
  EXPECT_EQ(code_of(give({.position = last("t").placement.position})), Errc::not_permitted);
}

TEST_F(GiveBack, ASendToTheRetryTopicTellsItsDeadLettersOriginToo) {
  const std::string properties =
      properties_of({{"RETRY_TOPIC", "t"}, {"DELAY", "5"}, {"UNIQ_KEY", "u"}});
  SendBatch batch(broker_);
  ASSERT_TRUE(batch.add({.topic = "%RETRY%g",
                         .default_topic = "TBW102",
                         .reconsume_times = 3,
                         .properties = properties},
                        kNow));
  ASSERT_TRUE(batch.append());
  const std::string_view dead = last("%DLQ%g").message.properties;
  EXPECT_EQ(find_property(dead, "DLQ_ORIGIN_TOPIC"), "t");
  EXPECT_EQ(find_property(dead, "DLQ_ORIGIN_MESSAGE_ID"), "u");
  EXPECT_EQ(find_property(dead, "DELAY"), "-1");
}

}  // namespace
}  // namespace sluice::broker
