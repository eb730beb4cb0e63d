#include <atomic>
#include <thread>

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>
#include <sluice/producer.h>
#include <sluice/pull_consumer.h>
#include <sluice/push_consumer.h>
#include <sluice/simple_consumer.h>

#include "client/consuming/test_broker.h"
#include "wire/remoting/requests/send.h"

/// Clients that come and go at every moment of their lives. `./dev lives` repeats it a thousand
/// times with sanitizers.
namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::TestBroker;
using client::until;

constexpr int kLives = 40;

struct Life {
  explicit Life(TestBroker& broker)
      : client(broker.options()),
        push(client,
             {.group = "push",
              .subscriptions = {{.topic = "t"}},
              .listener = [this](auto messages) { return ++seen, Verdict{!messages.empty()}; },
              .start = StartAt::first}),
        stream(client, {.group = "stream",
                        .subscriptions = {{.topic = "t"}},
                        .start = StartAt::first,
                        .shutdown_timeout = 100ms}),  // this test keeps what it was given
        pull(client, {.group = "pull", .subscriptions = {{.topic = "t"}}, .start = StartAt::first}),
        simple(client, {.group = "pop",
                        .subscriptions = {{.topic = "t"}},
                        .start = StartAt::first,
                        .renew = true}),
        producer(client) {}
  std::atomic<int> seen{0};
  Client client;
  PushConsumer push, stream;
  PullConsumer pull;
  SimpleConsumer simple;
  Producer producer;
};

TEST(Lives, EndAtAnyMoment) {
  TestBroker broker(2);
  broker.server.on(wire::remoting::SendMessageV2::kCode, client::Reply{});
  for (int i = 0; i < kLives; ++i) {
    broker.add(0, {"a", "b", "c"});
    broker.add(1, {"x", "y"});
    auto life = std::make_unique<Life>(broker);
    auto next = life->stream.next(boost::asio::use_future);
    auto poll = life->pull.async_poll(10min, boost::asio::use_future);
    auto lease = life->simple.next(boost::asio::use_future);
    auto sent = life->producer.async_send({.topic = "t", .body = "z"}, boost::asio::use_future);
    // From "nothing has begun" to "all is done".
    const int moment = i % 6;
    if (moment >= 1) until([&] { return broker.members() > 0; });
    if (moment >= 2) until([&] { return !life->pull.queues().empty(); });
    if (moment >= 3) until([&] { return life->seen > 0; });
    if (moment >= 4) next.wait();
    if (moment >= 5) poll.wait();
    if (i % 5 == 0) life->client.close();
    if (i % 5 == 1) static_cast<void>(life->push.close());
    if (i % 5 == 2)
      broker.server.tell(wire::remoting::NotifyConsumersChanged::kCode,
                         {{"consumerGroup", "pull"}});
    std::jthread other([&] { life->pull.close(); });
    other.join();
    life = nullptr;
    for (const bool told : {next.valid() && next.wait_for(0s) == std::future_status::ready,
                            poll.wait_for(0s) == std::future_status::ready,
                            lease.wait_for(0s) == std::future_status::ready,
                            sent.wait_for(0s) == std::future_status::ready}) {
      EXPECT_TRUE(told);
    }
  }
}

}  // namespace
}  // namespace sluice
