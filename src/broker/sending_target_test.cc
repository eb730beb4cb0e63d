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

TEST_F(SendTarget, IsTheTopicThatSomebodyHasLookedForUnlessItIsGone) {
  make_topic("t", 4);
  const auto topic = broker_.topics().find("t");
  SendQuery query = to("t", 2);
  query.known = topic.get();
  ASSERT_TRUE(batch_.add(query, kNow));
  query.known = nullptr;
  ASSERT_TRUE(batch_.add(query, kNow));
  ASSERT_TRUE(batch_.append());
  EXPECT_EQ(topic->queue(QueueId(2))->index->max(), QueueOffset(2));
  batch_.clear();
  ASSERT_TRUE(broker_.topics().remove("t", kNow));
  query.known = topic.get();
  EXPECT_EQ(code_of(batch_.add(query, kNow)), Errc::topic_not_found);
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
