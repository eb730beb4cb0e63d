#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/pull_consumer.h>

#include "client/consuming/test_broker.h"
#include "wire/remoting/requests/relays.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::TestBroker;
using client::until;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const Queue kFirst{"t", "a", 0}, kSecond{"t", "a", 1};

PullConsumerOptions some() {
  return {.group = "g", .subscriptions = {{.topic = "t"}}, .start = StartAt::first};
}

/// Polls until so many messages are there; their bodies.
std::vector<std::string> bodies(PullConsumer& consumer, std::size_t count) {
  std::vector<std::string> all;
  while (all.size() < count) {
    const auto messages = consumer.poll(1s);
    if (!messages) return {messages.error().remark};
    for (const auto& m : *messages) all.emplace_back(m.body);
  }
  return all;
}

TEST(PullConsumer, SaysWhichOptionIsWrong) {
  Client client({.name_servers = "127.0.0.1:1"});
  auto options = some();
  options.pull_batch = 2'000;
  PullConsumer consumer(client, options);
  ASSERT_FALSE(consumer.status());
  EXPECT_THAT(consumer.status().error().remark, HasSubstr("1 to 1024"));
  EXPECT_FALSE(consumer.poll(0ms));
}

TEST(PullConsumer, GivesWhatIsThereAndCommitsWhatEarlierPollsGave) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c"});
  Client client(broker.options());
  auto options = some();
  options.max_poll = 2;
  options.commit_interval = 5ms;
  PullConsumer consumer(client, options);
  EXPECT_THAT(bodies(consumer, 2), ElementsAre("a", "b"));
  EXPECT_EQ(consumer.position(kFirst).value(), 2);
  EXPECT_THAT(bodies(consumer, 1), ElementsAre("c"));
  until([&] { return broker.committed(0) == 2; });  // "c" is not done
  ASSERT_TRUE(consumer.commit());
  EXPECT_EQ(broker.committed(0), 3);
  EXPECT_EQ(consumer.committed(kFirst).value(), 3);
  EXPECT_TRUE(consumer.poll(0ms).value().empty());
}

TEST(PullConsumer, LeavesTheLastPollToTheNextMemberUnlessItIsCommitted) {
  TestBroker broker(1);
  broker.add(0, {"a", "b"});
  auto options = some();
  options.max_poll = 1;
  {
    Client client(broker.options());
    PullConsumer consumer(client, options);
    EXPECT_THAT(bodies(consumer, 2), ElementsAre("a", "b"));
  }
  EXPECT_EQ(broker.committed(0), 1);
  options.auto_commit = false;
  {
    Client client(broker.options());
    PullConsumer consumer(client, options);
    EXPECT_THAT(bodies(consumer, 1), ElementsAre("b"));
  }
  EXPECT_EQ(broker.committed(0), 1);  // by nobody's word
}

TEST(PullConsumer, ReadsForItselfWithoutAGroup) {
  TestBroker broker(1);
  broker.add(0, {"a"}, "red");
  broker.add(0, {"b"}, "blue");
  Client client(broker.options());
  PullConsumer consumer(client, {.group = {},
                                 .filters = {{.topic = "t", .expression = "blue"}},
                                 .start = StartAt::first,
                                 .commit_interval = 1ms});
  ASSERT_TRUE(consumer.status());
  ASSERT_TRUE(consumer.assign({kFirst}));
  EXPECT_THAT(bodies(consumer, 1), ElementsAre("b"));
  EXPECT_EQ(consumer.commit({{kFirst, 1}}).error().code, Errc::invalid_argument);
  consumer.close();
  for (const auto code :
       {wire::remoting::HeartBeat::kCode, wire::remoting::UpdateConsumerOffset::kCode,
        wire::remoting::UnregisterClient::kCode, wire::remoting::QueryConsumerOffset::kCode}) {
    EXPECT_EQ(broker.server.count(code), 0) << code;
  }
}

TEST(PullConsumer, ReadsAssignedQueuesAndSeeks) {
  TestBroker broker(2);
  broker.add(0, {"a", "b", "c"});
  broker.add(1, {"x"});
  Client client(broker.options());
  PullConsumer consumer(client, {.group = "g", .start = StartAt::first});
  EXPECT_FALSE(consumer.subscribe({.topic = "t"}));
  ASSERT_TRUE(consumer.assign({kFirst}));
  EXPECT_THAT(consumer.queues(), ElementsAre(kFirst));
  EXPECT_THAT(bodies(consumer, 3), ElementsAre("a", "b", "c"));
  ASSERT_TRUE(consumer.seek(kFirst, std::int64_t{1}));
  EXPECT_THAT(bodies(consumer, 2), ElementsAre("b", "c"));
  ASSERT_TRUE(consumer.seek(kFirst, End::first));
  EXPECT_THAT(bodies(consumer, 3), ElementsAre("a", "b", "c"));
  ASSERT_TRUE(consumer.seek(kFirst, std::chrono::system_clock::time_point(2ms)));
  EXPECT_THAT(bodies(consumer, 1), ElementsAre("c"));
  ASSERT_TRUE(consumer.seek(kFirst, End::next));
  EXPECT_EQ(consumer.position(kFirst).value(), 3);
  const auto beyond = consumer.seek(kFirst, std::int64_t{4});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, Errc::offset_not_found);
  EXPECT_EQ(beyond.error().remark, "offset 4 is not between 0 and 3");
  EXPECT_EQ(consumer.seek(kSecond, End::next).error().code, Errc::not_found);
  EXPECT_THAT(consumer.queues_of("t").value(), ElementsAre(kFirst, kSecond));
  ASSERT_TRUE(consumer.assign({kSecond}));
  EXPECT_THAT(bodies(consumer, 1), ElementsAre("x"));
}

TEST(PullConsumer, HoldsPausedQueuesBack) {
  TestBroker broker(2);
  Client client(broker.options());
  PullConsumer consumer(client, some());
  until([&] { return consumer.queues().size() == 2; });
  consumer.pause({kFirst});
  broker.add(0, {"a"});
  broker.add(1, {"x"});
  ASSERT_TRUE(consumer.seek(kFirst, End::first));
  ASSERT_TRUE(consumer.seek(kSecond, End::first));
  EXPECT_THAT(bodies(consumer, 1), ElementsAre("x"));
  EXPECT_TRUE(consumer.poll(20ms).value().empty());
  consumer.resume({kFirst});
  EXPECT_THAT(bodies(consumer, 1), ElementsAre("a"));
}

TEST(PullConsumer, LetsOnePollWaitAtATime) {
  TestBroker broker(1);
  Client client(broker.options());
  PullConsumer consumer(client, some());
  auto waiting = consumer.async_poll(10min, boost::asio::use_future);
  const auto second = consumer.poll(0ms);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::in_use);
  consumer.close();
  EXPECT_EQ(waiting.get().error().code, Errc::closed);
  EXPECT_EQ(consumer.poll(0ms).error().code, Errc::closed);
}

TEST(PullConsumer, IsAStreamForCoroutines) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c"});
  Client client(broker.options());
  PullConsumer consumer(client, some());
  boost::asio::io_context io;
  std::vector<std::string> seen;
  Errc end{};
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        while (seen.size() < 3) {
          const auto message = co_await consumer.next();
          if (message) seen.emplace_back(message->body);
        }
        co_await consumer.async_commit(boost::asio::deferred);
        boost::asio::post(io, [&] { consumer.close(); });
        const auto last = co_await consumer.next();
        end = last ? Errc::internal : static_cast<Errc>(last.error().code.value() - 1);
      },
      [](std::exception_ptr failed) { EXPECT_EQ(failed, nullptr); });
  io.run();
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_EQ(end, Errc::closed);
  EXPECT_EQ(broker.committed(0), 3);
}

TEST(PullConsumer, TellsWhichQueuesCameAndWent) {
  TestBroker broker(2);
  Client one(broker.options("one"));
  std::mutex mutex;
  std::vector<Queue> gained, lost;
  auto options = some();
  options.on_change = [&](const QueuesChanged& change) {
    const std::lock_guard lock(mutex);
    gained.insert(gained.end(), change.gained.begin(), change.gained.end());
    lost.insert(lost.end(), change.lost.begin(), change.lost.end());
  };
  PullConsumer first(one, options);
  until([&] { return first.queues().size() == 2; });
  Client two(broker.options("two"));
  PullConsumer second(two, some());
  until([&] { return second.queues().size() == 1; });
  broker.server.tell(wire::remoting::NotifyConsumersChanged::kCode, {{"consumerGroup", "g"}});
  until([&] { return first.queues().size() == 1; });
  const std::lock_guard lock(mutex);
  EXPECT_THAT(gained, UnorderedElementsAre(kFirst, kSecond));
  EXPECT_THAT(lost, ElementsAre(kSecond));
}

TEST(PullConsumer, StopsReadingWhenNobodyPolls) {
  TestBroker broker(1);
  broker.add(0, std::vector<std::string>(500, "body"));
  Client client(broker.options());
  auto options = some();
  options.max_cached_messages = 64;
  PullConsumer consumer(client, options);
  until([&] { return broker.server.count(wire::remoting::PullMessage::kCode) == 2; });
  EXPECT_EQ(bodies(consumer, 64).size(), 64U);  // all that was read ahead
  EXPECT_EQ(bodies(consumer, 436).size(), 436U);
}

TEST(PullConsumer, BelievesABrokerThatItsPlaceHasMoved) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c"});
  broker.commit(0, 3);
  broker.move(0, 1);
  Client client(broker.options());
  PullConsumer consumer(client, some());
  EXPECT_THAT(bodies(consumer, 2), ElementsAre("b", "c"));
}

TEST(PullConsumer, BeginsAtATime) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c"});
  Client client(broker.options());
  auto options = some();
  options.start = StartAt::time;
  options.start_time = std::chrono::system_clock::time_point(2ms);
  PullConsumer consumer(client, options);
  EXPECT_THAT(bodies(consumer, 1), ElementsAre("c"));
}

}  // namespace
}  // namespace sluice
