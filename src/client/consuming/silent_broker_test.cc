// Connections that swallow everything: nothing waits longer than it was told to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/producer.h>
#include <sluice/pull_consumer.h>
#include <sluice/push_consumer.h>
#include <sluice/simple_consumer.h>

#include "client/consuming/test_broker.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::TestServer;
using client::until;
namespace remoting = wire::remoting;

/// A route that leads to a broker which takes every request and answers none.
struct SilentBroker : testing::Test {
  TestServer broker, names;
  const std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();

  SilentBroker() {
    for (const std::int32_t code :
         {remoting::HeartBeat::kCode, remoting::UnregisterClient::kCode,
          remoting::GetConsumerList::kCode, remoting::QueryConsumerOffset::kCode,
          remoting::UpdateConsumerOffset::kCode, remoting::GetMaxOffset::kCode,
          remoting::GetMinOffset::kCode, remoting::PullMessage::kCode, remoting::PopMessage::kCode,
          remoting::SendMessageV2::kCode, remoting::LockQueues::kCode}) {
      broker.on(code, [](const remoting::Command&) { return std::optional<client::Reply>(); });
    }
    names.on(remoting::GetRoute::kCode, TestServer::route({{"a", broker.address()}}, 1));
  }
  ClientOptions options() { return {.name_servers = names.address(), .request_timeout = 100ms}; }
  /// Each wait above is 100 ms; a test machine may be very busy.
  void expect_soon() const { EXPECT_LT(std::chrono::steady_clock::now() - began, 10s); }
};

TEST_F(SilentBroker, LetsASendFailInItsTime) {
  Client client(options());
  Producer producer(client, {.send_timeout = 200ms});
  const auto sent = producer.send({.topic = "t", .body = "x"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::timed_out);
  client.close();
  expect_soon();
}

TEST_F(SilentBroker, LetsConsumersEndInTheirTime) {
  Client client(options());
  PushConsumer push(client, {.group = "push",
                             .subscriptions = {{.topic = "t"}},
                             .listener = [](auto) { return Verdict{}; },
                             .orderly = true});
  PullConsumer pull(client, {.group = "pull", .subscriptions = {{.topic = "t"}}});
  SimpleConsumer simple(client, {.group = "simple", .subscriptions = {{.topic = "t"}}});
  EXPECT_TRUE(simple.receive({.wait = 50ms}).value().empty());
  EXPECT_TRUE(pull.poll(50ms).value().empty());
  EXPECT_FALSE(pull.seek({"t", "a", 0}, End::first));
  until([&] { return broker.count(remoting::HeartBeat::kCode) > 0; });
  EXPECT_TRUE(push.close());
  pull.close();
  simple.close();
  client.close();
  expect_soon();
}

}  // namespace
}  // namespace sluice
