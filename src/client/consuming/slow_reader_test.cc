// Brokers that give faster than the program takes: what is read ahead has a bound.
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

constexpr int kWaiting = 1'000, kAhead = 40, kBatch = 8;

/// A thousand messages of 100 bytes, all there from the start.
struct SlowReader : testing::Test {
  TestBroker broker{1};
  SlowReader() { broker.add(0, std::vector<std::string>(kWaiting, std::string(100, 'x'))); }
};

TEST_F(SlowReader, OfAListenerIsReadAheadOfByItsThresholdAndOneAnswer) {
  std::atomic<std::int64_t> taken = 0, most = 0;
  Client client(broker.options());
  PushConsumer consumer(client, {.group = "g",
                                 .subscriptions = {{.topic = "t"}},
                                 .listener =
                                     [&](auto messages) {
                                       // The first one is slow enough that reading must stop.
                                       if (taken == 0)
                                         until([&] { return broker.given(0) >= kAhead; });
                                       most = std::max<std::int64_t>(most, broker.given(0) - taken);
                                       taken += std::ssize(messages);
                                       return Verdict{};
                                     },
                                 .start = StartAt::first,
                                 .threads = 1,
                                 .max_cached_messages = kAhead,
                                 .pull_batch = kBatch});
  until([&] { return taken == kWaiting; });
  EXPECT_GE(most, kAhead);
  // One more may be done, and make room for an answer, before the next call counts it.
  EXPECT_LE(most, kAhead + kBatch + 1);
}

TEST_F(SlowReader, OfPollsIsReadAheadOfByTheBytesOfAllQueues) {
  Client client(broker.options());
  PullConsumer consumer(client, {.group = "g",
                                 .subscriptions = {{.topic = "t"}},
                                 .start = StartAt::first,
                                 .max_poll = 1,
                                 .max_total_bytes = kAhead * 100,
                                 .pull_batch = kBatch});
  until([&] { return broker.given(0) >= kAhead; });
  for (std::int64_t polled = 1; polled <= kWaiting; ++polled) {
    ASSERT_EQ(consumer.poll(10s).value().size(), 1U);
    ASSERT_LE(broker.given(0) - polled, kAhead + kBatch);
  }
}

TEST_F(SlowReader, ThatReceivesIsGivenWhatItAskedFor) {
  Client client(broker.options());
  SimpleConsumer consumer(
      client, {.group = "g", .subscriptions = {{.topic = "t"}}, .start = StartAt::first});
  for (int received = 2; received <= 20; received += 2) {
    const auto leases = consumer.receive({.max_messages = 2, .wait = 10s}).value();
    ASSERT_EQ(leases.size(), 2U);
    for (const Lease& lease : leases) ASSERT_TRUE(consumer.ack(lease));
    ASSERT_EQ(broker.given(0), received);
  }
}

}  // namespace
}  // namespace sluice
