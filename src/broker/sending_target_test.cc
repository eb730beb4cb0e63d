#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/sending.h"
#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::code_of;
using testing::kNow;
using ::testing::SizeIs;

class SendTarget : public testing::BrokerFixture {
 protected:
  SendTarget() : BrokerFixture({}) {}
  static SendQuery to(std::string_view topic, std::int32_t queue) {
    SendQuery query;
    query.topic = topic;
    query.queue_id = queue;
    query.body = as_bytes("body");
    return query;
  }

  SendBatch batch_{broker_};
};

TEST_F(SendTarget, IsTheTopicThatSomebodyHasFoundUnlessItIsGone) {
  make_topic("t", 4);
  ASSERT_TRUE(batch_.add(to("t", 2), kNow));
  SendQuery query = to("t", 2);
  query.known = batch_.known_topics().find(topic_hash("t"), "t");
  ASSERT_NE(query.known, nullptr);
  ASSERT_TRUE(batch_.add(query, kNow));
  ASSERT_TRUE(batch_.append());
  EXPECT_EQ(query.known->queue(QueueId(2))->index->max(), QueueOffset(2));
  batch_.clear();
  ASSERT_TRUE(broker_.topics().remove("t", kNow));
  EXPECT_EQ(code_of(batch_.add(query, kNow)), Errc::topic_not_found);
}

TEST_F(SendTarget, IsKnownAfterTheFirstSendButNotWhereOnlyRetriesOrNobodyMaySend) {
  for (const std::string_view topic : {"t", "u", "t", "u"}) {
    make_topic(std::string(topic), 1);
    ASSERT_TRUE(batch_.add(to(topic, 0), kNow));
  }
  EXPECT_EQ(code_of(batch_.add(to("SCHEDULE_TOPIC_XXXX", 0), kNow)), Errc::not_permitted);
  EXPECT_EQ(code_of(batch_.add(to("%RETRY%nobody", 0), kNow)), Errc::group_not_found);
  EXPECT_EQ(batch_.known_topics().size(), 2u);
}

TEST_F(SendTarget, IsHeldUntilTheBatchLetsItGoAlthoughItWasRemoved) {
  make_topic("t", 1);
  const std::weak_ptr<Topic> topic = broker_.topics().find("t");
  ASSERT_TRUE(batch_.add(to("t", 0), kNow));
  ASSERT_TRUE(broker_.topics().remove("t", kNow));
  batch_.forget_topic("t");
  batch_.clear();
  EXPECT_FALSE(topic.expired());
  batch_.let_topics_go();
  EXPECT_TRUE(topic.expired());
}

TEST_F(SendTarget, IsListedOnceHoweverManyOthersGrowInBetween) {
  constexpr int kQueues = 192;
  make_topic("wide", kQueues);
  for (int i = 0; i < 3 * kQueues; ++i) {
    ASSERT_TRUE(batch_.add(to("wide", i % kQueues), kNow));
  }
  ASSERT_TRUE(batch_.append());
  EXPECT_THAT(batch_.queues(), SizeIs(kQueues));
  const std::set<TopicQueue*> all(batch_.queues().begin(), batch_.queues().end());
  EXPECT_THAT(all, SizeIs(kQueues));
}

}  // namespace
}  // namespace sluice::broker
