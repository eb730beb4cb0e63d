#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/push_consumer.h>

#include "client/test_server.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/pull.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::TestServer;
using testing::HasSubstr;

PushConsumerOptions some() {
  return {
      .group = "g", .subscriptions = {{.topic = "t"}}, .listener = [](auto) { return Verdict{}; }};
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
  TestServer names, broker;
  names.on(wire::remoting::GetRoute::kCode, [&](const wire::remoting::Command&) {
    return TestServer::route({{"a", broker.address()}}, 4);
  });
  broker.on(wire::remoting::HeartBeat::kCode, client::Reply{});
  broker.on(wire::remoting::UnregisterClient::kCode, client::Reply{});
  broker.on(wire::remoting::PullMessage::kCode,
            [](const auto&) { return std::optional<client::Reply>(); });
  broker.on(wire::remoting::UpdateConsumerOffset::kCode, client::Reply{});
  broker.on(wire::remoting::QueryConsumerOffset::kCode, client::Reply{.fields = {{"offset", "5"}}});
  std::mutex mutex;
  std::string id;
  broker.on(wire::remoting::GetConsumerList::kCode, [&](const wire::remoting::Command&) {
    const std::lock_guard lock(mutex);
    return client::Reply{.body = R"({"consumerIdList":[")" + id + R"("]})"};
  });
  for (int i = 0; i < 50; ++i) {
    Client client({.name_servers = names.address(), .request_timeout = 500ms});
    {
      const std::lock_guard lock(mutex);
      id = client.id();
    }
    PushConsumer consumer(client, some());
    while (i % 2 == 1 && broker.count(wire::remoting::PullMessage::kCode) < 4 * (i / 2)) {
      std::this_thread::yield();
    }
    if (i % 3 == 0) client.close();
  }
}

}  // namespace
}  // namespace sluice
