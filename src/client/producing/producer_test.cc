#include <atomic>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "client/producing/producer_fixture.h"
#include "wire/remoting/batch.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

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

TEST_F(ProducerTest, BelievesAKnownRouteWhileANameServerThatHasJustStartedKnowsNone) {
  std::atomic<bool> started_anew = false;
  names.on(kRoute, [&](const Command&) {
    if (started_anew) return Reply{.code = 17, .remark = "no such topic"};
    return TestServer::route({{"a", a.address()}, {"b", b.address()}}, 1);
  });
  ClientOptions often = options();
  often.route_refresh = 5ms;
  Client client(often);
  Producer producer(client);
  ASSERT_TRUE(producer.send({.topic = "t", .body = "before"}));
  started_anew = true;
  for (const int asked = names.count(kRoute); names.count(kRoute) < asked + 3;) {
    const auto receipt = producer.send({.topic = "t", .body = "meanwhile"});
    ASSERT_TRUE(receipt) << receipt.error().remark;
  }
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

Reply stored_batch(const Command& request) {
  wire::remoting::BatchReader reader(request.body);
  std::string ids;
  for (int i = 0; !reader.done() && reader.next(); ++i) {
    ids += (i > 0 ? ",X" : "X") + std::to_string(i);
  }
  return {.fields = {{"msgId", ids}, {"queueId", "0"}, {"queueOffset", "40"}}};
}

TEST_F(ProducerTest, SendsABatchAsOneRequest) {
  for (TestServer* broker : {&a, &b}) broker->on(kBatch, stored_batch);
  Client client(options());
  Producer producer(client);
  const auto receipts =
      producer.send_batch({{.topic = "t", .body = "1"}, {.topic = "t", .body = "2"}});
  ASSERT_TRUE(receipts) << receipts.error().remark;
  ASSERT_EQ(receipts->size(), 2U);
  EXPECT_EQ((*receipts)[1].offset, 41);
  EXPECT_EQ((*receipts)[1].offset_id, "X1");
  EXPECT_NE((*receipts)[0].message_id, (*receipts)[1].message_id);
  EXPECT_EQ(a.count(kBatch) + b.count(kBatch), 1);
}

TEST_F(ProducerTest, GathersMessagesThatMayWait) {
  for (TestServer* broker : {&a, &b}) broker->on(kBatch, stored_batch);
  Client client(options());
  Producer producer(client, {.send_timeout = 20s, .linger = 20ms, .batch_bytes = 2'000});
  ASSERT_TRUE(producer.send({.topic = "t", .body = "the route is known from now on"}));
  std::vector<std::future<Outcome<Receipt>>> sends;
  for (int i = 0; i < 100; ++i) {
    sends.push_back(producer.async_send({.topic = "t", .body = std::string(100, 'x')},
                                        boost::asio::use_future));
  }
  std::set<std::string> ids;
  for (auto& send : sends) {
    const auto receipt = send.get();
    ASSERT_TRUE(receipt) << receipt.error().remark;
    ids.insert(receipt->message_id);
  }
  EXPECT_EQ(ids.size(), 100U);
  const int requests = a.count(kBatch) + b.count(kBatch);
  EXPECT_GE(requests, 8) << "a batch has batch_bytes at most";
  EXPECT_LE(requests, 40);
  EXPECT_EQ(producer.bytes_in_flight(), 0U);
}

TEST_F(ProducerTest, KeepsToItsNamespace) {
  std::promise<std::string> sent;
  for (TestServer* broker : {&a, &b}) {
    broker->on(kSend, [&](const Command& request) {
      sent.set_value(std::string(request.ext.get("a")) + " " + std::string(request.ext.get("b")));
      return stored(request);
    });
  }
  ClientOptions in_space = options();
  in_space.name_space = "north";
  Client client(in_space);
  Producer producer(client, {.group = "shop"});
  const auto receipt = producer.send({.topic = "t", .body = "x"});
  ASSERT_TRUE(receipt) << receipt.error().remark;
  EXPECT_EQ(receipt->queue.topic, "t");
  EXPECT_EQ(sent.get_future().get(), "north%shop north%t");
}

TEST_F(ProducerTest, MeasuresEveryAttempt) {
  a.on(kSend, Reply{.code = 2, .remark = "busy"});
  std::atomic<int> good{0}, bad{0};
  ClientOptions measured = options();
  measured.meter = [&](const Measurement& m) {
    if (m.operation == "send" && m.bytes == 1) ++(m.error ? bad : good);
  };
  Client client(measured);
  Producer producer(client);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(producer.send({.topic = "t", .body = "x"}));
  EXPECT_EQ(good, 8);
  EXPECT_EQ(bad, a.count(kSend));
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
