#include <gtest/gtest.h>

#include "wire/json/reader.h"
#include "wire/remoting/bodies/batch_ack.h"
#include "wire/remoting/bodies/group.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/bodies/topic_table.h"

namespace sluice::wire::remoting {
namespace {

std::string text_of(const Buffer& b) { return std::string(as_text(b.bytes())); }

TEST(BatchAck, ReadsTheBitsAsOffsets) {
  const std::string_view text =
      R"({"brokerName":"b","acks":[{"c":"g","t":"T","r":"0","so":100,"q":3,"rq":0,"pt":1700,)"
      R"("it":60000,"b":"BwE="},{"c":"g","t":"T","so":0,"q":1,"pt":5,"b":""}]})";
  const auto acks = decode_batch_ack(as_bytes(text));
  ASSERT_TRUE(acks) << acks.error().remark();
  ASSERT_EQ(acks->size(), 2U);
  const BatchAck& first = acks->front();
  EXPECT_EQ(first.group, "g");
  EXPECT_EQ(first.topic, "T");
  EXPECT_EQ(first.queue, QueueId(3));
  EXPECT_EQ(first.popped, from_unix_ms(1700));
  const std::vector<QueueOffset> expected{QueueOffset(100), QueueOffset(101), QueueOffset(102),
                                          QueueOffset(108)};
  EXPECT_EQ(first.offsets, expected);
  EXPECT_TRUE(acks->back().offsets.empty());
  const auto odd = decode_batch_ack(as_bytes(
      R"( {"acks" : [ {"x":{"y":[1]},"b":"AQ\u003d\u003d","so":"7","c":null,"t":"a\"b",q:2} ] } )"));
  ASSERT_TRUE(odd) << odd.error().remark();
  EXPECT_EQ(odd->front().group, "");
  EXPECT_EQ(odd->front().topic, "a\"b");
  EXPECT_EQ(odd->front().queue, QueueId(2));
  EXPECT_EQ(odd->front().offsets, std::vector{QueueOffset(7)});
}

TEST(BatchAck, RefusesWhatItCannotRead) {
  EXPECT_FALSE(decode_batch_ack(as_bytes(R"({"acks":[{"c":"g","t":"T","b":"B!E="}]})")));
  for (const char* bad :
       {"", "{", R"({"acks":[{"so":9223372036854775807,"b":"AQ=="}]})", R"({"acks":[{"c":"g"}])",
        R"({"acks":[{"c":"g"}]}x)", R"({"acks":[{"c":{}}]})", R"({"acks":[{"b":"open)"}) {
    EXPECT_FALSE(decode_batch_ack(as_bytes(bad))) << bad;
  }
  const std::string many = R"({"acks":[{"c":"g","t":"T","b":")" + std::string(400, 'A') + "\"}]}";
  EXPECT_FALSE(decode_batch_ack(as_bytes(many)));
}

TEST(Json, ReadsBareNumbersAndObjectsAsKeys) {
  const auto value =
      json::parse(R"({"offsetTable":{{"brokerName":"b","queueId":1,"topic":"T"}:4},"m":{0:"x"}})");
  ASSERT_TRUE(value) << value.error().remark();
  EXPECT_EQ((*value)["m"]["0"], "x");
  EXPECT_EQ((*value)["offsetTable"][R"({"brokerName":"b","queueId":1,"topic":"T"})"], 4);
}

TEST(Json, SaysWhereItStopped) {
  const auto value = json::parse(R"({"a":[1,)");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().remark(), "not JSON at byte 8");
  for (const char* bad : {"", "{", "{\"a\"}", "[1 2]", "\"open", "{\"a\":1}x", "nope", "\"\\\""}) {
    EXPECT_FALSE(json::parse(bad)) << bad;
  }
  EXPECT_FALSE(json::parse(std::string(100'000, '[')));
}

TEST(RouteBody, KeepsNumbersBareForOldClientsAndQuotedForNewOnes) {
  const TopicRoute route{
      .queues = {{.broker_name = "b", .read_queues = 4, .write_queues = 4, .perm = 6}},
      .brokers = {{.cluster = "c", .broker_name = "b", .addresses = {{0, "10.0.0.1:10911"}}}}};
  Buffer bare, quoted;
  route.encode(bare, NumberKeys::bare);
  route.encode(quoted, NumberKeys::quoted);
  EXPECT_NE(text_of(bare).find(R"("brokerAddrs":{0:"10.0.0.1:10911"})"), std::string::npos);
  EXPECT_NE(text_of(quoted).find(R"("brokerAddrs":{"0":"10.0.0.1:10911"})"), std::string::npos);
  for (const Buffer* b : {&bare, &quoted}) {
    const auto back = TopicRoute::decode(b->bytes());
    ASSERT_TRUE(back) << back.error().remark();
    EXPECT_EQ(back->brokers[0].addresses.at(0), "10.0.0.1:10911");
    EXPECT_EQ(back->queues[0].read_queues, 4);
  }
}

TEST(ClusterBody, ReadsBackWhatItWrote) {
  const ClusterInfo info{
      .brokers = {{.cluster = "c", .broker_name = "b", .addresses = {{0, "h:1"}}}},
      .clusters = {{"c", {"b"}}}};
  Buffer out;
  info.encode(out);
  const auto back = ClusterInfo::decode(out.bytes());
  ASSERT_TRUE(back) << back.error().remark();
  EXPECT_EQ(back->clusters.at("c"), std::vector<std::string>{"b"});
  EXPECT_EQ(back->brokers.at(0).addresses.at(0), "h:1");
}

TEST(HeartbeatBody, TakesEnumsByNameAndByOrdinal) {
  const auto body = HeartbeatBody::decode(as_bytes(
      R"({"clientID":"c@1","consumerDataSet":[
        {"groupName":"g","consumeType":"CONSUME_ACTIVELY","messageModel":0,"subscriptionDataSet":
          [{"topic":"T","subString":"a || b","subVersion":"17"}]},
        {"groupName":"h","consumeType":1,"messageModel":"CLUSTERING"}],
       "producerDataSet":[{"groupName":"p"}]})"));
  ASSERT_TRUE(body) << body.error().remark();
  EXPECT_EQ(body->producer_groups, std::vector<std::string>{"p"});
  EXPECT_EQ(body->consumers[0].consume_type, 0);
  EXPECT_EQ(body->consumers[0].message_model, 0);
  EXPECT_EQ(body->consumers[0].subscriptions[0].version, 17);
  EXPECT_EQ(body->consumers[1].message_model, 1);

  Buffer out;
  body->encode(out);
  EXPECT_EQ(HeartbeatBody::decode(out.bytes())->consumers[0].subscriptions[0].expression, "a || b");
}

TEST(HeartbeatBody, NeedsAClientId) {
  EXPECT_EQ(HeartbeatBody::decode(as_bytes("{}")).error().code(), Errc::malformed);
}

TEST(RegisterBody, ReadsBackWhatItWrote) {
  TopicTable table{.version = {.timestamp = 5, .counter = 2}, .topics = {{.name = "T"}}};
  table.topics[0].attributes["message.type"] = "FIFO";
  Buffer out;
  encode_register_body(out, table);
  const auto back = decode_register_body(out.bytes(), false);
  ASSERT_TRUE(back) << back.error().remark();
  EXPECT_EQ(back->version, table.version);
  EXPECT_EQ(back->topics[0].name, "T");
  EXPECT_EQ(back->topics[0].attributes, table.topics[0].attributes);
}

TEST(Attributes, AreReadWithTheirSigns) {
  const auto changes = parse_attributes("+a=1,-old,+b=2=3");
  ASSERT_TRUE(changes);
  EXPECT_EQ(*changes,
            (std::map<std::string, std::string>{{"+a", "1"}, {"-old", ""}, {"+b", "2=3"}}));
  EXPECT_TRUE(parse_attributes("")->empty());
  for (const char* bad : {"a=1", "-a=1", "+a", "+a=1,+a=2", ",+a=1"}) {
    EXPECT_FALSE(parse_attributes(bad)) << bad;
  }
}

TEST(GroupBody, ReadsBackWhatItWrote) {
  GroupConfig group{.name = "g", .consume_enable = false, .retry_max_times = 3};
  Buffer out;
  json::Writer writer(out);
  write(writer, group);
  const auto back = decode_group_config(out.bytes());
  ASSERT_TRUE(back) << back.error().remark();
  EXPECT_EQ(back->name, "g");
  EXPECT_FALSE(back->consume_enable);
  EXPECT_EQ(back->retry_max_times, 3);
}

TEST(LockBody, NamesTheQueues) {
  const auto body = LockBody::decode(as_bytes(
      R"({"consumerGroup":"g","clientId":"c","mqSet":[{"topic":"T","brokerName":"b","queueId":2}]})"));
  ASSERT_TRUE(body);
  EXPECT_EQ(body->queues.at(0).queue_id, 2);
}

}  // namespace
}  // namespace sluice::wire::remoting
