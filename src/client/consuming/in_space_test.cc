// Consumers whose client has a namespace, each kind once.
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/pull_consumer.h>
#include <sluice/push_consumer.h>
#include <sluice/simple_consumer.h>

#include "client/consuming/test_broker.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::TestBroker;
using client::until;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// A broker that knows the topic and the group by their whole names only.
struct ConsumersInASpace : testing::Test {
  TestBroker broker{1, "north%t", "north%g"};

  ClientOptions options() {
    ClientOptions options = broker.options();
    options.name_space = "north";
    return options;
  }
};

TEST_F(ConsumersInASpace, PushesByWholeNamesAndShowPlainOnes) {
  broker.add(0, {"a", "b"});
  Client client(options());
  std::promise<std::string> topic;
  PushConsumer consumer(client, {.group = "g",
                                 .subscriptions = {{.topic = "t"}},
                                 .listener = [&](auto messages) -> Verdict {
                                   const auto& m = messages.front();
                                   if (m.body == "a") topic.set_value(std::string(m.topic));
                                   return {.done = m.body == "a"};
                                 },
                                 .start = StartAt::first});
  EXPECT_EQ(topic.get_future().get(), "t");
  until([&] { return broker.sent_back().size() == 1; });
  EXPECT_EQ(broker.sent_back_origin(), "north%t");
  EXPECT_THAT(consumer.queues(), ElementsAre(Queue{"t", "a", 0}));
  EXPECT_THAT(broker.wanted("north%g"), UnorderedElementsAre("%RETRY%north%g", "north%t"));
  ASSERT_TRUE(consumer.subscribe({.topic = "t", .expression = "red"}));
  consumer.unsubscribe("t");
  EXPECT_TRUE(consumer.queues().empty());
  EXPECT_THAT(broker.wanted("north%g"), ElementsAre("%RETRY%north%g"));
  EXPECT_EQ(broker.committed(0), 2);
}

TEST_F(ConsumersInASpace, PollsByWholeNamesAndTakesPlainOnes) {
  broker.add(0, {"a", "b", "c"});
  Client client(options());
  std::promise<std::vector<Queue>> gained;
  PullConsumer consumer(client, {.group = "g",
                                 .start = StartAt::first,
                                 .auto_commit = false,
                                 .on_change = [&](const QueuesChanged& changed) {
                                   if (!changed.gained.empty()) gained.set_value(changed.gained);
                                 }});
  const Queue queue{"t", "a", 0};
  EXPECT_THAT(consumer.queues_of("t").value(), ElementsAre(queue));
  ASSERT_TRUE(consumer.assign({queue}));
  EXPECT_THAT(gained.get_future().get(), ElementsAre(queue));
  EXPECT_THAT(consumer.queues(), ElementsAre(queue));
  ASSERT_TRUE(consumer.seek(queue, 1));
  EXPECT_EQ(consumer.position(queue).value(), 1);
  const auto messages = consumer.poll(10s);
  ASSERT_TRUE(messages) << messages.error().remark;
  EXPECT_EQ(messages->front().body, "b");
  EXPECT_EQ(messages->front().queue(), queue);
  ASSERT_TRUE(consumer.commit({{queue, 2}}));
  EXPECT_EQ(broker.committed(0), 2);
  EXPECT_EQ(consumer.committed(queue).value(), 2);
}

TEST_F(ConsumersInASpace, PopsAndAcknowledgesByWholeNames) {
  broker.add(0, {"a"});
  Client client(options());
  SimpleConsumer consumer(
      client, {.group = "g", .subscriptions = {{.topic = "t"}}, .start = StartAt::first});
  const auto leases = consumer.receive({.wait = 10s});
  ASSERT_TRUE(leases) << leases.error().remark;
  ASSERT_EQ(leases->size(), 1U);
  EXPECT_EQ(leases->front()->topic, "t");
  ASSERT_TRUE(consumer.change_invisible_time(leases->front(), 30s));
  ASSERT_TRUE(consumer.ack(leases->front()));
  EXPECT_EQ(broker.acknowledged().size(), 1U);
  until([&] { return !broker.wanted("north%g").empty(); });
  EXPECT_THAT(broker.wanted("north%g"), ElementsAre("north%t"));
}

}  // namespace
}  // namespace sluice
