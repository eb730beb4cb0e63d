// Listeners that do not return: closing waits for them, but not for ever.
#include <future>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/push_consumer.h>

#include "client/consuming/test_broker.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using client::TestBroker;
using testing::HasSubstr;

/// What a listener uses that may outlive its consumer.
struct Held {
  std::promise<void> begun, go, gone;
  std::once_flag once;
};

struct AListenerThatDoesNotReturn : testing::Test {
  TestBroker broker{1};
  const std::shared_ptr<Held> held = std::make_shared<Held>();

  AListenerThatDoesNotReturn() { broker.add(0, {"a", "b"}); }
  ~AListenerThatDoesNotReturn() override {
    held->go.set_value();
    held->gone.get_future().wait();
  }
  PushConsumerOptions options() {
    return {.group = "g",
            .subscriptions = {{.topic = "t"}},
            .listener =
                [held = held](auto) {
                  std::call_once(held->once, [&] { held->begun.set_value(); });
                  held->go.get_future().wait();
                  held->gone.set_value();
                  return Verdict{};
                },
            .start = StartAt::first,
            .threads = 1,
            .shutdown_timeout = 50ms};
  }
};

TEST_F(AListenerThatDoesNotReturn, IsLeftBehindWhenItsConsumerCloses) {
  Client client(broker.options());
  PushConsumer consumer(client, options());
  held->begun.get_future().wait();
  const auto closed = consumer.close();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, Errc::timed_out);
  EXPECT_THAT(closed.error().remark, HasSubstr("2 batches"));
  EXPECT_EQ(broker.committed(0), 0);
  EXPECT_EQ(broker.members(), 0U);
}

TEST_F(AListenerThatDoesNotReturn, IsLeftBehindWhenTheClientCloses) {
  Client client(broker.options());
  PushConsumer consumer(client, options());
  held->begun.get_future().wait();
  client.close();
  EXPECT_EQ(broker.members(), 0U);
  const auto closed = consumer.close();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, Errc::timed_out);
}

TEST_F(AListenerThatDoesNotReturn, HoldsNeitherAnOrderlyConsumerNorItsNextMember) {
  auto orderly = options();
  orderly.orderly = true;
  Client client(broker.options("one"));
  PushConsumer consumer(client, std::move(orderly));
  held->begun.get_future().wait();
  EXPECT_FALSE(consumer.close());
  EXPECT_EQ(broker.server.count(wire::remoting::UnlockQueues::kCode), 1);
  EXPECT_EQ(broker.committed(0), 0);
}

}  // namespace
}  // namespace sluice
