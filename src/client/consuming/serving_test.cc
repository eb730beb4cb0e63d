#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/push_consumer.h>

#include "client/consuming/test_broker.h"
#include "wire/remoting/requests/relays.h"

namespace sluice {
namespace {

using client::Seen;
using client::TestBroker;
using client::until;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

PushConsumerOptions some() {
  return {.group = "g", .subscriptions = {{.topic = "t"}}, .start = StartAt::first};
}

TEST(Member, AnswersTools) {
  TestBroker broker(1);
  broker.add(0, {"a", "b"});
  Seen seen;
  auto options = some();
  options.listener = [&](auto messages) { return seen.add(messages), Verdict{}; };
  Client client(broker.options());
  PushConsumer consumer(client, options);
  seen.wait(2);
  const auto ask = [&](std::int32_t code, const char* group, std::string body = {}) {
    return broker.server.ask(code, {{group, "g"}, {"topic", "t"}}, std::move(body));
  };
  const auto info = ask(wire::remoting::GetRunningInfo::kCode, "consumerGroup");
  EXPECT_THAT(info.body, HasSubstr(R"("PROP_CONSUME_TYPE":"CONSUME_PASSIVELY")"));
  EXPECT_THAT(info.body, HasSubstr(R"({"brokerName":"a","queueId":0,"topic":"t"}:{)"));
  EXPECT_THAT(info.body, HasSubstr(R"("topic":"%RETRY%g")"));
  until([&] {  // the second message may still be on its way from the listener
    const auto status = ask(wire::remoting::kGetConsumerStatusFromClient, "group");
    return status.body == R"({"messageQueueTable":{{"brokerName":"a","queueId":0,"topic":"t"}:2}})";
  });
  const wire::record::Message message{.topic = "t", .body = as_bytes(std::string_view("direct"))};
  const auto direct = ask(wire::remoting::ConsumeDirectly::kCode, "consumerGroup",
                          client::record_text(message, {.offset = {}, .store_ms = 5}));
  EXPECT_THAT(direct.body, HasSubstr(R"("consumeResult":"CR_SUCCESS")"));
  EXPECT_EQ(seen.all().back(), "direct");
  EXPECT_EQ(ask(wire::remoting::ConsumeDirectly::kCode, "consumerGroup", "no record").code, 1);
}

TEST(Member, GoesWhereAToolResetsItTo) {
  TestBroker broker(1);
  broker.add(0, {"a", "b", "c"});
  Seen seen;
  auto options = some();
  options.listener = [&](auto messages) { return seen.add(messages), Verdict{}; };
  Client client(broker.options());
  PushConsumer consumer(client, options);
  seen.wait(3);
  broker.server.tell(wire::remoting::kResetClientOffset, {{"group", "g"}, {"topic", "t"}},
                     R"({"offsetTable":{{"brokerName":"a","queueId":0,"topic":"t"}:1}})");
  seen.wait(5);
  EXPECT_THAT(seen.all(), UnorderedElementsAre("a", "b", "b", "c", "c"));
  ASSERT_TRUE(consumer.close());
  EXPECT_EQ(broker.committed(0), 3);
}

}  // namespace
}  // namespace sluice
