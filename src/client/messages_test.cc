// Sending, reading and being a member, against servers that answer from a table.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/producer.h"
#include "client/reader.h"
#include "client/test_server.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"

namespace sluice::client {
namespace {

using namespace wire::remoting;
namespace record = wire::record;
using testing::HasSubstr;

struct MessagesTest : testing::Test {
  net::ReactorPool reactors{1};
  Remoting remoting{reactors.at(0)};
  TestServer names, a, b;
  Cluster cluster{remoting, {.name_servers = {names.address()}}};
  std::mutex mutex;
  std::multiset<std::string> sent_to;  // "server/queue"

  void route_to_both() {
    names.on(GetRoute::kCode,
             TestServer::route({{"broker-a", a.address()}, {"broker-b", b.address()}}, 2));
  }
  void route_to_a() {
    names.on(GetRoute::kCode, TestServer::route({{"broker-a", a.address()}}, 1));
  }
  TestServer::Handler store(std::string name) {
    return [this, name](const Command& request) {
      const std::lock_guard lock(mutex);
      const std::string queue(request.ext.get("e"));
      sent_to.insert(name + "/" + queue);
      return Reply{.fields = {{"msgId", "x"}, {"queueId", queue}, {"queueOffset", "41"}}};
    };
  }
};

TEST_F(MessagesTest, SendsToAllQueuesOfAllBrokersInTurn) {
  route_to_both();
  a.on(SendMessageV2::kCode, store("a"));
  b.on(SendMessageV2::kCode, store("b"));
  Producer producer(cluster);
  std::set<std::string> ids;
  for (int i = 0; i < 8; ++i) {
    const auto sent = producer.send({.topic = "T", .body = "x"});
    ASSERT_TRUE(sent) << sent.error().remark();
    EXPECT_EQ(sent->offset, 41);
    ids.insert(sent->message_id);
  }
  EXPECT_EQ(ids.size(), 8U);
  for (const char* queue : {"a/0", "a/1", "b/0", "b/1"}) EXPECT_EQ(sent_to.count(queue), 2U);
}

TEST_F(MessagesTest, CarriesBodyTagKeysAndProperties) {
  route_to_a();
  std::string properties, body;
  a.on(SendMessageV2::kCode, [&](const Command& request) {
    properties = request.ext.get("i");
    body = as_text(request.body);
    return Reply{.fields = {{"msgId", "x"}, {"queueId", "0"}, {"queueOffset", "0"}}};
  });
  Producer producer(cluster);
  ASSERT_TRUE(producer.send({.topic = "T",
                             .body = "hello",
                             .tag = "red",
                             .keys = {"k1", "k2"},
                             .properties = {{"colour", "blue"}}}));
  EXPECT_EQ(body, "hello");
  EXPECT_EQ(record::find_property(properties, "TAGS"), "red");
  EXPECT_EQ(record::find_property(properties, "KEYS"), "k1 k2");
  EXPECT_EQ(record::find_property(properties, "colour"), "blue");
  EXPECT_EQ(record::find_property(properties, "UNIQ_KEY").size(), 32U);
}

TEST_F(MessagesTest, TriesAnotherBrokerWhenOneRefusesOrIsGone) {
  route_to_both();
  a.on(SendMessageV2::kCode, Reply{.code = 14, .remark = "disk full"});
  b.on(SendMessageV2::kCode, store("b"));
  Producer producer(cluster);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(producer.send({.topic = "T", .body = "x"}));
  EXPECT_EQ(sent_to.size(), 4U);
  b.stop();
  EXPECT_FALSE(producer.send({.topic = "T", .body = "x"}));
}

TEST_F(MessagesTest, DoesNotRepeatWhatEveryBrokerWouldRefuse) {
  route_to_both();
  for (TestServer* server : {&a, &b}) {
    server->on(SendMessageV2::kCode, Reply{.code = 13, .remark = "too large"});
  }
  Producer producer(cluster);
  const auto sent = producer.send({.topic = "T", .body = "x"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Errc::message_illegal);
  EXPECT_EQ(a.count(SendMessageV2::kCode) + b.count(SendMessageV2::kCode), 1);
}

TEST_F(MessagesTest, RefusesPropertiesThatTheTextCannotHold) {
  Producer producer(cluster);
  const auto sent = producer.send({.topic = "T", .properties = {{"k", "a\x02z\x01y"}}});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), Errc::message_illegal);
}

TEST_F(MessagesTest, FollowsTheDefaultTopicForANewTopic) {
  names.on(GetRoute::kCode, [this](const Command& request) {
    if (request.ext.get("topic") != "TBW102") return Reply{.code = 17, .remark = "no route"};
    return TestServer::route({{"broker-a", a.address()}}, 8);
  });
  a.on(SendMessageV2::kCode, store("a"));
  EXPECT_TRUE(Producer(cluster).send({.topic = "New", .body = "x"}));
  const auto never = Producer(cluster, {.default_topic = ""}).send({.topic = "New", .body = "x"});
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code(), Errc::topic_not_found);
}

std::string record_of(std::int64_t offset, std::string_view body) {
  std::string properties;
  record::append_property(properties, "KEYS", "k");
  record::append_property(properties, "k", "first");
  record::append_property(properties, "k", "last");
  record::Message message{.topic = "T", .body = as_bytes(body), .properties = properties};
  const record::Placement placement{.offset = QueueOffset(offset), .store_ms = 5};
  return record_text(message, placement);
}

std::vector<std::pair<std::string, std::string>> pull_fields(std::string_view next) {
  return {{"suggestWhichBrokerId", "0"},
          {"nextBeginOffset", std::string(next)},
          {"minOffset", "0"},
          {"maxOffset", "9"}};
}

TEST(DecodeMessages, ReadsRecordsWithTheirProperties) {
  const auto messages = decode_messages(as_bytes(record_of(4, "one") + record_of(5, "two")), "b");
  ASSERT_TRUE(messages) << messages.error().remark();
  ASSERT_EQ(messages->size(), 2U);
  EXPECT_EQ((*messages)[1].offset, 5);
  EXPECT_EQ((*messages)[1].body, "two");
  EXPECT_EQ((*messages)[1].property("k"), "last");
  EXPECT_EQ((*messages)[1].property("none"), "");
  EXPECT_EQ((*messages)[1].queue.broker_name, "b");
}

TEST(DecodeMessages, RefusesADamagedRecord) {
  std::string bytes = record_of(4, "one");
  bytes[bytes.find("one")] = 'x';
  const auto messages = decode_messages(as_bytes(bytes), "b");
  ASSERT_FALSE(messages);
  EXPECT_EQ(messages.error().code(), Errc::corrupt);
}

TEST_F(MessagesTest, ReadsOnWhereTheBrokerSays) {
  route_to_a();
  std::vector<std::string> asked;
  a.on(PullMessage::kCode, [&](const Command& request) -> std::optional<Reply> {
    const std::lock_guard lock(mutex);
    asked.emplace_back(request.ext.get("queueOffset"));
    if (asked.size() == 1) return Reply{.code = 21, .fields = pull_fields("4")};
    if (asked.size() == 2) return Reply{.code = 20, .fields = pull_fields("6")};
    if (asked.size() == 3) return Reply{.fields = pull_fields("7"), .body = record_of(6, "six")};
    return std::nullopt;
  });
  Reader reader(cluster);
  reader.add({"T", "broker-a", 0}, 1);
  const auto messages = reader.next(milliseconds(10'000));
  ASSERT_TRUE(messages) << messages.error().remark();
  ASSERT_EQ(messages->size(), 1U);
  EXPECT_EQ((*messages)[0].body, "six");
  EXPECT_EQ(reader.next(milliseconds(20)).value().size(), 0U);
  const std::lock_guard lock(mutex);
  ASSERT_GE(asked.size(), 3U);
  EXPECT_THAT(std::vector(asked.begin(), asked.begin() + 3), testing::ElementsAre("1", "4", "6"));
}

TEST_F(MessagesTest, TellsWhatABrokerRefusesToRead) {
  route_to_a();
  a.on(PullMessage::kCode, Reply{.code = 16, .remark = "not readable"});
  Reader reader(cluster);
  reader.add({"T", "broker-a", 0}, 0);
  const auto messages = reader.next(milliseconds(10'000));
  ASSERT_FALSE(messages);
  EXPECT_EQ(messages.error().code(), Errc::not_permitted);
}

TEST_F(MessagesTest, TriesAgainWhenABrokerIsBusy) {
  route_to_a();
  // The reader goes on pulling until the servers stop, which is after this function.
  a.on(PullMessage::kCode, [pulls = 0](const Command&) mutable -> std::optional<Reply> {
    if (++pulls == 1) return Reply{.code = 2, .remark = "busy"};
    if (pulls == 2) return Reply{.fields = pull_fields("1"), .body = record_of(0, "x")};
    return std::nullopt;
  });
  Reader reader(cluster, {.retry = milliseconds(5)});
  reader.add({"T", "broker-a", 0}, 0);
  EXPECT_EQ(reader.next(milliseconds(10'000)).value().size(), 1U);
}

}  // namespace
}  // namespace sluice::client
