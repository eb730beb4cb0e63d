#include <atomic>
#include <thread>

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
using wire::remoting::Command;

constexpr int kRounds = 60;
constexpr int kPerRound = 8;

/// A name server and a broker that leaves every other request without an answer.
struct Cluster {
  TestServer names, broker;
  std::atomic<int> requests{0};

  Cluster() {
    names.on(wire::remoting::GetRoute::kCode,
             [this](const Command&) { return TestServer::route({{"a", broker.address()}}, 2); });
    broker.on(wire::remoting::HeartBeat::kCode, Reply{});
    broker.on(wire::remoting::UnregisterClient::kCode, Reply{});
    for (const std::int32_t code :
         {wire::remoting::SendMessageV2::kCode, wire::remoting::SendBatchMessage::kCode}) {
      broker.on(code, [this](const Command&) -> std::optional<Reply> {
        if (requests++ % 2 == 0) return std::nullopt;
        return Reply{.fields = {{"msgId", "7F00000100002A9F0000000000000001"},
                                {"queueId", "0"},
                                {"queueOffset", "1"}}};
      });
    }
  }
};

/// One of each kind; each counts when it ends, however it does.
void start_everything(Producer& producer, std::atomic<int>& ended) {
  const auto count = [&ended](const auto&) { ++ended; };
  for (int i = 0; i < 5; ++i) producer.async_send({.topic = "t", .body = "x"}, count);
  producer.async_send_batch({{.topic = "t", .body = "1"}, {.topic = "t", .body = "2"}}, {}, count);
  producer.async_begin({.topic = "t", .body = "half"}, {}, count);
  producer.async_request({.topic = "t", .body = "?"}, 60s, count);
}

TEST(ProducerLife, EndsEverythingHoweverItIsEnded) {
  Cluster cluster;
  for (int round = 0; round < kRounds; ++round) {
    std::atomic<int> ended{0};
    {
      Client client({.name_servers = cluster.names.address(), .request_timeout = 300ms});
      auto producer = std::make_unique<Producer>(
          client, ProducerOptions{.group = "g",
                                  .send_timeout = 60s,
                                  .linger = round % 3 == 0 ? 5ms : 0ms,
                                  .check = [](const ReceivedMessage&) { return Decision::commit; },
                                  .trace = round % 2 == 0});
      if (round % 5 == 0) {
        EXPECT_TRUE(producer->queues("t")) << "connected before it all begins";
      }
      start_everything(*producer, ended);
      if (round % 4 == 0) producer.reset();
      if (round % 4 == 1) client.close();
      if (round % 4 == 2) start_everything(*producer, ended);
    }
    EXPECT_EQ(ended, round % 4 == 2 ? 2 * kPerRound : kPerRound) << "round " << round;
  }
}

TEST(ProducerLife, EndsThoughThreadsGoOnSending) {
  Cluster cluster;
  for (int round = 0; round < kRounds / 4; ++round) {
    auto client = std::make_unique<Client>(
        ClientOptions{.name_servers = cluster.names.address(), .request_timeout = 300ms});
    Producer producer(*client, {.group = "g", .send_timeout = 100ms, .retries = 0});
    std::atomic<bool> over{false};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (!over) static_cast<void>(producer.send({.topic = "t", .body = "x"}));
      });
    }
    EXPECT_TRUE(producer.queues("t"));
    client.reset();  // every send that waits ends, and later ones fail at once
    over = true;
  }
}

}  // namespace
}  // namespace sluice
