#include "client/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/offsets.h"
#include "client/test_server.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::client {
namespace {

using namespace wire::remoting;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseNameServers, TakesBothSeparators) {
  EXPECT_THAT(parse_name_servers("a:1;b:2, c:3").value(), ElementsAre("a:1", "b:2", "c:3"));
}

TEST(ParseNameServers, RefusesNothingAndNonsense) {
  EXPECT_FALSE(parse_name_servers(""));
  EXPECT_FALSE(parse_name_servers(";"));
  EXPECT_FALSE(parse_name_servers("a:1;b"));
}

struct ClusterTest : testing::Test {
  net::ReactorPool reactors{1};
  Remoting remoting{reactors.at(0)};
  TestServer names, a, b;
  Cluster cluster{remoting, {.name_servers = {names.address()}}};

  ClusterTest() {
    names.on(GetRoute::kCode, [this](const Command& request) {
      if (request.ext.get("topic") != "T") return Reply{.code = 17, .remark = "no route"};
      return TestServer::route({{"broker-a", a.address()}, {"broker-b", b.address()}}, 2);
    });
    ClusterInfo info;
    info.brokers = {{.cluster = "c", .broker_name = "broker-a", .addresses = {{0, a.address()}}},
                    {.cluster = "c", .broker_name = "broker-b", .addresses = {{0, b.address()}}}};
    info.clusters["c"] = {"broker-a", "broker-b"};
    Buffer body;
    info.encode(body);
    names.on(GetClusterInfo::kCode, Reply{.body = std::string(as_text(body.bytes()))});
  }
};

TEST_F(ClusterTest, KeepsARouteUntilToldToForgetIt) {
  ASSERT_TRUE(cluster.route("T"));
  ASSERT_TRUE(cluster.route("T"));
  EXPECT_EQ(names.count(GetRoute::kCode), 1);
  cluster.forget_route("T");
  ASSERT_TRUE(cluster.route("T"));
  EXPECT_EQ(names.count(GetRoute::kCode), 2);
}

TEST_F(ClusterTest, SaysThatATopicIsNotThere) {
  EXPECT_EQ(cluster.route("X").error().code(), Errc::topic_not_found);
}

TEST_F(ClusterTest, AsksTheNextNameServerWhenOneIsDown) {
  TestServer down;
  const std::string address = down.address();
  down.stop();
  Cluster two(remoting, {.name_servers = {address, names.address()}});
  EXPECT_TRUE(two.route("T"));
  Cluster none(remoting, {.name_servers = {address}});
  const auto failed = none.route("T");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Errc::closed);
  EXPECT_THAT(std::string(failed.error().remark()), HasSubstr(address));
}

TEST_F(ClusterTest, PutsATopicOnEveryMaster) {
  std::string attributes;
  a.on(PutTopic::kCode, Reply{});
  b.on(PutTopic::kCode, [&](const Command& request) {
    attributes = request.ext.get("attributes");
    return Reply{};
  });
  ASSERT_TRUE(cluster.put_topic({.name = "T", .attributes = {{"k", "v"}, {"l", "w"}}}));
  EXPECT_EQ(a.count(PutTopic::kCode), 1);
  EXPECT_EQ(b.count(PutTopic::kCode), 1);
  EXPECT_EQ(attributes, "+k=v,+l=w");
  const auto wrong = cluster.put_topic({.name = "T"}, "other");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), Errc::not_found);
  EXPECT_THAT(std::string(wrong.error().remark()), HasSubstr("clusters: c"));
}

TEST_F(ClusterTest, DeletesATopicAtBrokersAndNameServers) {
  for (TestServer* broker : {&a, &b}) broker->on(DeleteTopic::kCode, Reply{});
  names.on(DeleteTopicInNames::kCode, Reply{});
  ASSERT_TRUE(cluster.delete_topic("T"));
  EXPECT_EQ(a.count(DeleteTopic::kCode), 1);
  EXPECT_EQ(b.count(DeleteTopic::kCode), 1);
  EXPECT_EQ(names.count(DeleteTopicInNames::kCode), 1);
}

TEST_F(ClusterTest, ReadsQueueStatisticsWithObjectsAsKeys) {
  a.on(GetTopicStats::kCode,
       Reply{.body = R"({"offsetTable":{{"brokerName":"broker-a","queueId":1,"topic":"T"}:)"
                     R"({"lastUpdateTimestamp":5,"maxOffset":9,"minOffset":2},)"
                     R"({"brokerName":"broker-a","queueId":0,"topic":"T"}:)"
                     R"({"lastUpdateTimestamp":4,"maxOffset":3,"minOffset":0}},"topicPutTps":0})"});
  b.on(GetTopicStats::kCode, Reply{.body = R"({"offsetTable":{}})"});
  const auto stats = cluster.topic_stats("T");
  ASSERT_TRUE(stats) << stats.error().remark();
  ASSERT_EQ(stats->size(), 2U);
  EXPECT_EQ((*stats)[0].queue.queue_id, 0);
  EXPECT_EQ((*stats)[1].max_offset, 9);
  EXPECT_EQ((*stats)[1].last_update_ms, 5);
}

TEST_F(ClusterTest, ListsReadableQueuesInOrder) {
  const auto queues = cluster.readable_queues("T");
  ASSERT_TRUE(queues);
  ASSERT_EQ(queues->size(), 4U);
  EXPECT_EQ((*queues)[1].queue_id, 1);
  EXPECT_EQ((*queues)[2].broker_name, "broker-b");
}

TEST_F(ClusterTest, KnowsOffsetsOfQueuesAndGroups) {
  Offsets offsets(cluster);
  const MessageQueue queue{"T", "broker-a", 1};
  a.on(GetMinOffset::kCode, Reply{.fields = {{"offset", "3"}}});
  a.on(GetMaxOffset::kCode, Reply{.fields = {{"offset", "8"}}});
  a.on(SearchOffset::kCode, [](const Command& request) {
    return Reply{.fields = {{"offset", std::string(request.ext.get("timestamp"))}}};
  });
  a.on(QueryConsumerOffset::kCode, Reply{.code = 22});
  a.on(UpdateConsumerOffset::kCode, Reply{});
  EXPECT_EQ(offsets.min(queue).value(), 3);
  EXPECT_EQ(offsets.max(queue).value(), 8);
  EXPECT_EQ(offsets.at_time(queue, from_unix_ms(77)).value(), 77);
  EXPECT_EQ(offsets.committed("g", queue).value(), std::nullopt);
  EXPECT_TRUE(offsets.commit("g", queue, 5));
}

}  // namespace
}  // namespace sluice::client
