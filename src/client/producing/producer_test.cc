#include <atomic>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/producer.h>

#include "client/test_server.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/send.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::Reply;
using client::TestServer;
using testing::HasSubstr;
using wire::remoting::Command;

constexpr std::int32_t kSend = wire::remoting::SendMessageV2::kCode;
constexpr std::int32_t kRoute = wire::remoting::GetRoute::kCode;

Reply stored(const Command& request) {
  return {.fields = {{"msgId", "0A"},
                     {"queueId", std::string(request.ext.get("e"))},
                     {"queueOffset", "7"}}};
}

struct ProducerTest : testing::Test {
  ProducerTest() {
    names.on(kRoute, [this](const Command&) {
      return TestServer::route({{"a", a.address()}, {"b", b.address()}}, 1);
    });
    for (TestServer* broker : {&a, &b}) {
      broker->on(kSend, [](const Command& request) { return stored(request); });
      broker->on(wire::remoting::HeartBeat::kCode, Reply{});
      broker->on(wire::remoting::UnregisterClient::kCode, Reply{});
    }
  }
  TestServer names, a, b;
  ClientOptions options() { return {.name_servers = names.address(), .request_timeout = 500ms}; }
};

TEST_F(ProducerTest, SendsAndTellsWhere) {
  Client client(options());
  Producer producer(client, {.group = "g"});
  const auto receipt = producer.send({.topic = "t", .body = "hello", .tag = "x"});
  ASSERT_TRUE(receipt) << receipt.error().remark;
  EXPECT_EQ(receipt->offset, 7);
  EXPECT_EQ(receipt->queue.topic, "t");
  EXPECT_EQ(receipt->message_id.size(), 32U);
  EXPECT_EQ(producer.bytes_in_flight(), 0U);
}

TEST_F(ProducerTest, TakesCallbacksFuturesAndCoroutines) {
  Client client(options());
  Producer producer(client);
  std::promise<bool> called;
  producer.async_send({.topic = "t", .body = "1"},
                      [&](const Outcome<Receipt>& o) { called.set_value(o.has_value()); });
  EXPECT_TRUE(called.get_future().get());
  std::future<Outcome<Receipt>> future =
      producer.async_send({.topic = "t", .body = "2"}, boost::asio::use_future);
  EXPECT_TRUE(future.get());
  boost::asio::io_context io;
  bool sent = false;
  const auto main_thread = std::this_thread::get_id();
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        const auto o =
            co_await producer.async_send({.topic = "t", .body = "3"}, boost::asio::use_awaitable);
        sent = o.has_value() && std::this_thread::get_id() == main_thread;
      },
      boost::asio::detached);
  io.run();
  EXPECT_TRUE(sent);
}

TEST_F(ProducerTest, TriesTheOtherBrokerWhenOneRefuses) {
  a.on(kSend, Reply{.code = 2, .remark = "busy"});
  Client client(options());
  Producer producer(client);
  for (int i = 0; i < 8; ++i) {
    const auto receipt = producer.send({.topic = "t", .body = "x"});
    ASSERT_TRUE(receipt) << receipt.error().remark;
    EXPECT_EQ(receipt->queue.broker, "b");
  }
  EXPECT_LE(a.count(kSend), 1) << "a broker that failed is left alone for a while";
}

TEST_F(ProducerTest, SaysWhichBrokerRefusedAndWhy) {
  for (TestServer* broker : {&a, &b})
    broker->on(kSend, Reply{.code = 13, .remark = "illegal it is"});
  Client client(options());
  Producer producer(client);
  const auto receipt = producer.send({.topic = "t", .body = "x"});
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, Errc::message_illegal);
  EXPECT_THAT(receipt.error().remark, HasSubstr("illegal it is"));
  EXPECT_EQ(a.count(kSend) + b.count(kSend), 1) << "nobody else would take it either";
}

TEST_F(ProducerTest, KeepsAShardingKeyOnOneQueue) {
  Client client(options());
  Producer producer(client);
  std::set<std::string> brokers;
  for (int i = 0; i < 10; ++i) {
    brokers.insert(producer.send({.topic = "t", .body = "x", .sharding_key = "k"})->queue.broker);
  }
  EXPECT_EQ(brokers.size(), 1U);
}

TEST_F(ProducerTest, RefusesWhatIsBeyondTheBytesInFlight) {
  for (TestServer* broker : {&a, &b}) {
    broker->on(kSend, [](const Command&) { return std::optional<Reply>(); });
  }
  Client client(options());
  Producer producer(client, {.send_timeout = 300ms, .retries = 0, .max_bytes_in_flight = 1'000});
  std::future<Outcome<Receipt>> first =
      producer.async_send({.topic = "t", .body = std::string(900, 'x')}, boost::asio::use_future);
  const auto second =
      producer.async_send({.topic = "t", .body = std::string(900, 'x')}, boost::asio::use_future)
          .get();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
  EXPECT_EQ(first.get().error().code, Errc::timed_out);
  EXPECT_EQ(producer.bytes_in_flight(), 0U);
}

TEST_F(ProducerTest, CompletesEverythingWhenTheClientCloses) {
  for (TestServer* broker : {&a, &b}) {
    broker->on(kSend, [](const Command&) { return std::optional<Reply>(); });
  }
  std::atomic<int> closed{0};
  {
    Client client(options());
    Producer producer(client, {.send_timeout = 60s});
    for (int i = 0; i < 10; ++i) {
      producer.async_send({.topic = "t", .body = "x"}, [&](const Outcome<Receipt>& o) {
        if (!o && o.error().code == Errc::closed) ++closed;
      });
    }
    client.close();
    EXPECT_EQ(producer.send({.topic = "t", .body = "x"}).error().code, Errc::closed);
  }
  EXPECT_EQ(closed, 10);
}

TEST_F(ProducerTest, NamesTheNameServerThatCannotBeReached) {
  Client client({.name_servers = "127.0.0.1:1", .request_timeout = 300ms});
  Producer producer(client, {.retries = 0});
  const auto receipt = producer.send({.topic = "t", .body = "x"});
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, Errc::closed);
  EXPECT_THAT(receipt.error().remark, HasSubstr("127.0.0.1:1"));
}

TEST_F(ProducerTest, StartsAndStopsManyTimes) {
  for (int i = 0; i < 100; ++i) {
    Client client(options());
    Producer producer(client);
    if (i % 2 == 0) {
      EXPECT_TRUE(producer.send({.topic = "t", .body = "x"}));
    }
  }
}

}  // namespace
}  // namespace sluice
