#include <atomic>
#include <future>
#include <memory>

#include "client/producing/producer_fixture.h"
#include "wire/record/message_id.h"

// Transactions, and requests that are replied to.
namespace sluice {
namespace {

using namespace std::chrono_literals;

/// Where the one half message of these tests lies.
const std::string kHalfId = wire::record::message_id(
    {.address = {std::byte{127}, {}, {}, std::byte{1}}, .port = 10'911}, LogPosition{4'711});

Reply stored_half(const Command& request) {
  return {.fields = {{"msgId", kHalfId},
                     {"queueId", std::string(request.ext.get("e"))},
                     {"queueOffset", "9"},
                     {"transactionId", "TX"}}};
}

// Nobody waits for the answer to a decision: the broker may still be at it when a test is over, so
// what its handler uses goes with it.

TEST_F(ProducerTest, DecidesATransaction) {
  const auto ended = std::make_shared<std::promise<std::pair<std::string, std::string>>>();
  for (TestServer* broker : {&a, &b}) {
    broker->on(kSend, stored_half);
    broker->on(kEnd, [ended](const Command& request) {
      ended->set_value({std::string(request.ext.get("commitLogOffset")),
                        std::string(request.ext.get("commitOrRollback"))});
      return Reply{};
    });
  }
  Client client(options());
  Producer producer(client, {.group = "shop"});
  auto begun = producer.begin({.topic = "t", .body = "x"});
  ASSERT_TRUE(begun) << begun.error().remark;
  EXPECT_EQ(begun->receipt().transaction_id, "TX");
  EXPECT_TRUE(begun->commit());
  EXPECT_EQ(ended->get_future().get(), std::pair(std::string("4711"), std::string("8")));
}

TEST_F(ProducerTest, RollsBackAHalfThatIsNotSafe) {
  const auto ended = std::make_shared<std::promise<std::string>>();
  for (TestServer* broker : {&a, &b}) {
    broker->on(kSend, [](const Command& request) {
      Reply reply = stored_half(request);
      reply.code = 10;
      return reply;
    });
    broker->on(kEnd, [ended](const Command& request) {
      ended->set_value(std::string(request.ext.get("commitOrRollback")));
      return Reply{};
    });
  }
  Client client(options());
  Producer producer(client, {.group = "shop"});
  EXPECT_FALSE(producer.begin({.topic = "t", .body = "x"}));
  EXPECT_EQ(ended->get_future().get(), "12");
}

TEST_F(ProducerTest, AnswersABrokerThatAsksAboutATransaction) {
  const auto ended = std::make_shared<std::promise<std::string>>();
  // Both brokers ask, and both are answered.
  const auto told = std::make_shared<std::atomic<bool>>(false);
  for (TestServer* broker : {&a, &b}) {
    broker->on(kEnd, [ended, told](const Command& request) {
      if (told->exchange(true)) return Reply{};
      ended->set_value(std::string(request.ext.get("commitOrRollback")) +
                       std::string(request.ext.get("fromTransactionCheck")) +
                       std::string(request.ext.get("tranStateTableOffset")));
      return Reply{};
    });
  }
  Client client(options());
  Producer producer(client, {.group = "shop", .check = [](const ReceivedMessage& half) {
                               return half.body == "half" ? Decision::commit : Decision::unknown;
                             }});
  ASSERT_TRUE(producer.send({.topic = "t", .body = "connects"}));
  const std::string record =
      client::record_text({.topic = "t",
                           .body = as_bytes("half"),
                           .properties = "PGROUP\x01shop\x02UNIQ_KEY\x01ID\x02"},
                          {});
  for (TestServer* broker : {&a, &b}) {
    broker->tell(39, {{"tranStateTableOffset", "9"}, {"commitLogOffset", "4711"}}, record);
  }
  EXPECT_EQ(ended->get_future().get(), "8true9");
}

TEST_F(ProducerTest, HandsTheReplyToWhoAsked) {
  for (TestServer* broker : {&a, &b}) {
    broker->on(kSend, [broker](const Command& request) {
      // The reply comes before the request is acknowledged, which may be.
      const std::string properties(request.ext.get("i"));
      broker->tell(326,
                   {{"topic", "c_REPLY_TOPIC"},
                    {"queueId", "0"},
                    {"sysFlag", "0"},
                    {"bornTimestamp", "1"},
                    {"properties", properties}},
                   "an answer");
      return stored(request);
    });
  }
  Client client(options());
  Producer producer(client);
  const auto answer = producer.request({.topic = "t", .body = "?"}, 10s);
  ASSERT_TRUE(answer) << answer.error().remark;
  EXPECT_EQ(answer->body, "an answer");
}

TEST_F(ProducerTest, AsksInVainForSoLong) {
  Client client(options());
  Producer producer(client);
  const auto answer = producer.request({.topic = "t", .body = "?"}, 200ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timed_out);
}

TEST_F(ProducerTest, SendsAReplyToTheReplyTopicOfTheAskersCluster) {
  std::promise<std::string> replied;
  for (TestServer* broker : {&a, &b}) {
    broker->on(kReply, [&](const Command& request) {
      replied.set_value(std::string(request.ext.get("b")));
      return stored(request);
    });
  }
  Client client(options());
  Producer producer(client);
  ReceivedMessage asked;
  EXPECT_EQ(reply_to(asked, "x").error().code, Errc::message_illegal);
  asked.properties =
      "CLUSTER\x01north\x02"
      "CORRELATION_ID\x01id\x02"
      "REPLY_TO_CLIENT\x01me\x02";
  auto answer = reply_to(asked, "x");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(producer.send(std::move(*answer)));
  EXPECT_EQ(replied.get_future().get(), "north_REPLY_TOPIC");
}

}  // namespace
}  // namespace sluice
