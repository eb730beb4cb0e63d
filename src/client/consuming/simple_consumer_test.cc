#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/simple_consumer.h>

#include "client/consuming/leases.h"
#include "client/consuming/test_broker.h"
#include "wire/remoting/pop_receipt.h"
#include "wire/remoting/requests/relays.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::TestBroker;
using client::until;
using testing::ElementsAre;
using testing::HasSubstr;

SimpleConsumerOptions some() {
  return {.group = "g", .subscriptions = {{.topic = "t"}}, .start = StartAt::first};
}

TEST(SimpleConsumer, SaysWhichOptionIsWrong) {
  Client client({.name_servers = "127.0.0.1:1"});
  SimpleConsumer consumer(client,
                          {.group = "g", .subscriptions = {{.topic = "t"}}, .invisible = 5ms});
  ASSERT_FALSE(consumer.status());
  EXPECT_THAT(consumer.status().error().remark, HasSubstr("invisible is 5 ms"));
}

TEST(SimpleConsumer, ReceivesAndAcknowledges) {
  TestBroker broker(2);
  broker.add(0, {"a", "b"});
  Client client(broker.options());
  SimpleConsumer consumer(client, some());
  const auto leases = consumer.receive({.max_messages = 5, .wait = 5s, .invisible = 30s});
  ASSERT_TRUE(leases) << leases.error().remark;
  ASSERT_EQ(leases->size(), 2U);
  EXPECT_EQ(leases->at(1)->body, "b");
  EXPECT_EQ(leases->at(1).receipt(), "0 1000 30000 0 0 a 0 1");
  ASSERT_TRUE(consumer.ack(leases->at(1)));
  EXPECT_THAT(broker.acknowledged(), ElementsAre("0 1000 30000 0 0 a 0 1"));
  EXPECT_FALSE(consumer.receive({.max_messages = 33}));
  EXPECT_FALSE(consumer.ack(Lease()));
}

TEST(SimpleConsumer, GivesNothingWhenNothingIsThere) {
  TestBroker broker(1);
  Client client(broker.options());
  SimpleConsumer consumer(client, some());
  EXPECT_TRUE(consumer.receive({.wait = 0ms}).value().empty());
  EXPECT_TRUE(consumer.receive({.wait = 20ms}).value().empty());
}

TEST(SimpleConsumer, MakesALeaseLongerAndShorter) {
  TestBroker broker(1);
  broker.add(0, {"a"});
  Client client(broker.options());
  SimpleConsumer consumer(client, some());
  const auto lease = consumer.receive().value().at(0);
  ASSERT_TRUE(consumer.change_invisible_time(lease, 90s));
  EXPECT_EQ(lease.receipt(), "0 2001 90000 1 0 a 0 0");
  ASSERT_TRUE(consumer.change_invisible_time(lease, 1ms));
  ASSERT_TRUE(consumer.ack(lease));
  EXPECT_THAT(broker.acknowledged(), ElementsAre("0 2002 1 1 0 a 0 0"));
}

TEST(SimpleConsumer, RenewsWhileALeaseIsInHand) {
  TestBroker broker(1);
  broker.add(0, {"a", "b"});
  Client client(broker.options());
  auto options = some();
  options.renew = true;
  options.invisible = 30ms;
  SimpleConsumer consumer(client, options);
  auto leases = consumer.receive({.max_messages = 2}).value();
  until([&] { return broker.changes().size() >= 4; });
  leases.pop_back();
  ASSERT_TRUE(consumer.ack(leases.front()));
  const auto after = broker.changes().size();
  EXPECT_TRUE(consumer.receive({.wait = 100ms}).value().empty());
  EXPECT_LE(broker.changes().size(), after + 1);  // one may have been on its way
}

TEST(SimpleConsumer, IsAStreamForCoroutines) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c"});
  Client client(broker.options());
  SimpleConsumer consumer(client, some());
  boost::asio::io_context io;
  std::vector<std::string> seen;
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        while (seen.size() < 3) {
          const auto lease = co_await consumer.next();
          if (!lease) break;
          seen.emplace_back((*lease)->body);
          co_await consumer.async_ack(*lease, boost::asio::deferred);
        }
      },
      [](std::exception_ptr failed) { EXPECT_EQ(failed, nullptr); });
  io.run();
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_EQ(broker.acknowledged().size(), 3U);
}

TEST(SimpleConsumer, IsAMemberThatToolsSeeUntilItCloses) {
  TestBroker broker(1);
  Client client(broker.options());
  SimpleConsumer consumer(client, some());
  until([&] { return broker.members() == 1; });
  EXPECT_EQ(broker.consume_type(), 2);
  EXPECT_THAT(broker.wanted("g"), ElementsAre("t"));
  const auto info =
      broker.server.ask(wire::remoting::GetRunningInfo::kCode, {{"consumerGroup", "g"}});
  EXPECT_THAT(info.body, HasSubstr(R"("PROP_CONSUME_TYPE":"CONSUME_POP")"));
  EXPECT_THAT(info.body, HasSubstr(R"("topic":"t")"));
  consumer.close();
  EXPECT_EQ(broker.members(), 0U);
}

TEST(SimpleConsumer, EndsCallsWhenItCloses) {
  TestBroker broker(1);
  Client client(broker.options());
  SimpleConsumer consumer(client, some());
  auto waiting = consumer.next(boost::asio::use_future);
  consumer.close();
  EXPECT_EQ(waiting.get().error().code, Errc::closed);
  EXPECT_EQ(consumer.receive().error().code, Errc::closed);
}

TEST(SimpleConsumer, SaysThatATopicIsNotThere) {
  TestBroker broker(1);
  Client client(broker.options());
  SimpleConsumer consumer(client, {.group = "g", .subscriptions = {{.topic = "other"}}});
  const auto leases = consumer.receive({.wait = 5s});
  ASSERT_FALSE(leases);
  EXPECT_EQ(leases.error().code, Errc::topic_not_found);
}

}  // namespace
}  // namespace sluice

namespace sluice::wire::remoting {
namespace {

TEST(PopReceipt, NamesTheTopicThatRequestsName) {
  const auto receipt = parse_receipt("5 1000 60000 3 2 broker-a 0 7");
  ASSERT_TRUE(receipt);
  EXPECT_EQ(to_text(*receipt), "5 1000 60000 3 2 broker-a 0 7");
  EXPECT_EQ(topic_of(*receipt, "t", "g"), "%RETRY%g+t");
  EXPECT_EQ(topic_of(*parse_receipt("5 1000 60000 3 1 b 0 7"), "t", "g"), "%RETRY%g_t");
  EXPECT_EQ(topic_of(*parse_receipt("5 1000 60000 3 0 b 0 7"), "t", "g"), "t");
}

TEST(PopReceipt, ReadsWhatAnswersSay) {
  const auto starts = parse_starts("0 1 5;1 0 7;nonsense;0 x 1");
  EXPECT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts.at({0, 1}), 5);
  EXPECT_EQ(starts.at({1, 0}), 7);
  EXPECT_EQ(attempts_of("0 qo1%5 2;0 1 9", 1, 5), 2);
  EXPECT_EQ(attempts_of("0 1 9", 1, 6), 9);
  EXPECT_EQ(attempts_of("", 1, 6), 0);
}

}  // namespace
}  // namespace sluice::wire::remoting
