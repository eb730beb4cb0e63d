#include <atomic>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/push_consumer.h>

#include "client/consuming/test_broker.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::Seen;
using client::TestBroker;
using client::until;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

PushConsumerOptions some() {
  return {.group = "g",
          .subscriptions = {{.topic = "t"}},
          .listener = [](auto) { return Verdict{}; },
          .start = StartAt::first};
}

TEST(PushConsumer, SaysWhichOptionIsWrong) {
  Client client({.name_servers = "127.0.0.1:1"});
  auto options = some();
  options.threads = 0;
  const PushConsumer consumer(client, options);
  ASSERT_FALSE(consumer.status());
  EXPECT_EQ(consumer.status().error().code, Errc::invalid_argument);
  EXPECT_THAT(consumer.status().error().remark, HasSubstr("1 to 1000"));
  EXPECT_TRUE(consumer.queues().empty());
}

TEST(PushConsumer, EndsWithoutABroker) {
  Client client({.name_servers = "127.0.0.1:1", .request_timeout = 200ms});
  for (int i = 0; i < 5; ++i) {
    PushConsumer consumer(client, some());
    EXPECT_TRUE(consumer.status());
  }
}

TEST(PushConsumer, EndsBeforeAndAfterItsClientWhileBrokersHoldItsReads) {
  TestBroker broker(4);
  for (int i = 0; i < 50; ++i) {
    Client client(broker.options());
    PushConsumer consumer(client, some());
    while (i % 2 == 1 && broker.server.count(wire::remoting::PullMessage::kCode) < 4 * (i / 2)) {
      std::this_thread::yield();
    }
    if (i % 3 == 0) client.close();
  }
}

TEST(PushConsumer, GivesNothingWhileItIsSuspended) {
  TestBroker broker(1);
  Seen seen;
  auto options = some();
  options.listener = [&](auto messages) { return seen.add(messages), Verdict{}; };
  Client client(broker.options());
  PushConsumer consumer(client, options);
  consumer.suspend();
  until([&] { return consumer.queues().size() == 1; });
  broker.add(0, {"a", "b"});
  EXPECT_EQ(broker.server.count(wire::remoting::PullMessage::kCode), 0);
  consumer.resume();
  seen.wait(2);
}

TEST(PushConsumer, FollowsItsSubscriptionsAsTheyChange) {
  TestBroker broker(1);
  broker.add(0, {"red"}, "red");
  broker.add(0, {"blue"}, "blue");
  Seen seen;
  auto options = some();
  options.subscriptions = {{.topic = "t", .expression = "red"}};
  options.listener = [&](auto messages) { return seen.add(messages), Verdict{}; };
  Client client(broker.options());
  PushConsumer consumer(client, options);
  seen.wait(1);
  EXPECT_FALSE(consumer.subscribe({}));
  // One that a read for "red" still brings is not wanted: it comes while the next one is held.
  until([&] { return broker.server.count(wire::remoting::PullMessage::kCode) >= 2; });
  broker.add(0, {"green"}, "green");
  ASSERT_TRUE(consumer.subscribe({.topic = "t", .expression = "green"}));
  seen.wait(2);
  EXPECT_THAT(seen.all(), ElementsAre("red", "green"));
  consumer.unsubscribe("t");
  EXPECT_TRUE(consumer.queues().empty());
  EXPECT_GE(broker.committed(0), 2);  // the listener may not have returned from the last one
}

TEST(PushConsumer, SendsBackWhatIsNotDone) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c"});
  auto options = some();
  options.threads = 1;
  std::atomic<bool> last{false};
  options.listener = [&](auto messages) -> Verdict {
    if (messages.front().body == "a") return {.done = false, .delay_level = 3};
    if (messages.front().body == "b") throw std::runtime_error("broken");  // lint: allow(banned)
    last = true;
    return {};
  };
  Client client(broker.options());
  PushConsumer consumer(client, options);
  until([&] { return last && broker.sent_back().size() == 2; });
  EXPECT_THAT(broker.sent_back(), UnorderedElementsAre(3, 0));
  ASSERT_TRUE(consumer.close());
  EXPECT_EQ(broker.committed(0), 3);
}

TEST(PushConsumer, RepeatsInOrderUntilAMessageIsDead) {
  TestBroker broker(1);
  broker.add(0, {"a", "b"});
  Seen seen;
  auto options = some();
  options.orderly = true;
  options.max_attempts = 2;
  options.listener = [&](auto messages) -> Verdict {
    seen.add(messages);
    return {.done = messages.front().body != "a", .pause = 1ms};
  };
  Client client(broker.options());
  PushConsumer consumer(client, options);
  seen.wait(4);
  EXPECT_THAT(seen.all(), ElementsAre("a", "a", "a", "b"));
  EXPECT_THAT(broker.sent_back(), ElementsAre(-1));
}

TEST(PushConsumer, IsAStreamWhoseMessagesAreSettledOneByOne) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c", "d"});
  Client client(broker.options());
  auto options = some();
  options.listener = nullptr;
  options.max_cached_messages = 2;
  options.pull_batch = 1;
  PushConsumer consumer(client, options);
  auto first = consumer.next_blocking().value();
  auto second = consumer.next_blocking().value();
  EXPECT_EQ(first->body, "a");
  auto third = consumer.next(boost::asio::use_future);
  // Two are in hand: nothing more is read before one is settled.
  EXPECT_EQ(third.wait_for(50ms), std::future_status::timeout);
  second.settle({.done = false, .delay_level = 5});
  EXPECT_EQ(third.get().value()->body, "c");  // and dropped: comes again
  first.done();
  until([&] { return broker.sent_back().size() == 2; });
  EXPECT_THAT(broker.sent_back(), ElementsAre(5, 0));
  boost::asio::io_context io;
  std::string body;
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        auto delivery = co_await consumer.next();
        if (!delivery) co_return;
        body = (*delivery)->body;
        delivery->done();
      },
      [](std::exception_ptr failed) { EXPECT_EQ(failed, nullptr); });
  io.run();
  EXPECT_EQ(body, "d");
  auto last = consumer.next(boost::asio::use_future);
  ASSERT_TRUE(consumer.close());
  EXPECT_EQ(last.get().error().code, Errc::closed);
  EXPECT_EQ(broker.committed(0), 4);
}

TEST(PushConsumer, HandsItsQueuesOverWhenItCloses) {
  TestBroker broker(4);
  Client one(broker.options("one")), two(broker.options("two"));
  PushConsumer first(one, some());
  until([&] { return first.queues().size() == 4; });
  PushConsumer second(two, some());
  until([&] { return second.queues().size() == 2; });
  ASSERT_TRUE(first.close());
  broker.server.tell(wire::remoting::NotifyConsumersChanged::kCode, {{"consumerGroup", "g"}});
  until([&] { return second.queues().size() == 4; });
}

}  // namespace
}  // namespace sluice
