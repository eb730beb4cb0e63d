// RouteTables: what brokers change.
#include "naming/route_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "naming/testing/brokers.h"

namespace sluice::naming {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using testing::at;
using testing::broker;
using testing::topic;

TEST(BrokerAddress, TakesTheHostOfTheAskingConnection) {
  const auto local = BrokerAddress::same_host(10911);
  EXPECT_EQ(local.seen_from("10.0.0.7"), "10.0.0.7:10911");
  EXPECT_EQ(local.seen_from("::1"), "[::1]:10911");
  EXPECT_EQ(BrokerAddress::fixed("host:1").seen_from("10.0.0.7"), "host:1");
}

TEST(RouteTables, AnswersARouteAtOnceAfterARegistration) {
  RouteTables tables;
  EXPECT_EQ(tables.route("T").error().code(), Errc::topic_not_found);
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  const auto route = tables.route("T");
  ASSERT_TRUE(route);
  EXPECT_THAT(route->queues, ElementsAre(QueueData{"b", 8, 8, 6, 0}));
  ASSERT_EQ(route->brokers.size(), 1U);
  EXPECT_EQ(route->brokers[0].addresses.at(0), BrokerAddress::fixed("h:1"));
}

TEST(RouteTables, TakesTopicsAgainOnlyWhenTheVersionChanged) {
  RouteTables tables;
  auto b = broker("b", 0, "h:1");
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  b.topics = {topic("T", 4), topic("V", 4)};
  ASSERT_TRUE(tables.register_broker(b, at(1)));
  EXPECT_EQ(tables.route("T")->queues[0].read_queues, 8);
  EXPECT_TRUE(tables.route("V")) << "a topic that is missing is taken in any case";
  b.version.counter++;
  ASSERT_TRUE(tables.register_broker(b, at(2)));
  EXPECT_EQ(tables.route("T")->queues[0].read_queues, 4);
  EXPECT_TRUE(tables.route("U")) << "topics that are no longer listed stay by default";
}

TEST(RouteTables, DropsMissingTopicsWhenTold) {
  RouteTables tables({.delete_missing_topics = true});
  auto b = broker("b", 0, "h:1");
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  b.topics = {topic("T"), topic("V")};
  ASSERT_TRUE(tables.register_broker(b, at(1)));
  EXPECT_THAT(tables.topics().topics, ElementsAre("T", "V"));
}

TEST(RouteTables, RefusesASingleTopicAsFirstContact) {
  RouteTables tables;
  auto b = broker("b", 0, "h:1");
  b.topics = {topic("T")};
  const auto refused = tables.register_broker(b, at(0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::malformed);
  EXPECT_THAT(tables.cluster_info().brokers, IsEmpty());
}

TEST(RouteTables, MovesAnAddressToItsNewId) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(broker("b", 1, "h:2"), at(0)));
  auto promoted = broker("b", 0, "h:2");
  promoted.version.state_version = 2;
  ASSERT_TRUE(tables.register_broker(promoted, at(1)));
  const auto addresses = tables.member_group("c1", "b").addresses;
  ASSERT_EQ(addresses.size(), 1U);
  EXPECT_EQ(addresses.at(0), BrokerAddress::fixed("h:2"));
}

TEST(RouteTables, IgnoresAnOldMasterThatComesBack) {
  RouteTables tables;
  auto fresh = broker("b", 0, "h:2");
  fresh.version.state_version = 2;
  ASSERT_TRUE(tables.register_broker(fresh, at(0)));
  const auto reply = tables.register_broker(broker("b", 0, "h:1"), at(1));
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->accepted);
  EXPECT_EQ(tables.member_group("c1", "b").addresses.at(0), BrokerAddress::fixed("h:2"));
  EXPECT_FALSE(tables.heartbeat("c1", BrokerAddress::fixed("h:1"), at(2)));
}

TEST(RouteTables, TellsReplicasWhereTheirMasterIs) {
  RouteTables tables;
  EXPECT_TRUE(tables.register_broker(broker("b", 1, "h:2"), at(0))->master_address.empty());
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  const auto reply = tables.register_broker(broker("b", 1, "h:2"), at(1));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->master_address, BrokerAddress::fixed("h:1"));
  EXPECT_EQ(reply->ha_address, BrokerAddress::fixed("ha"));
}

TEST(RouteTables, TakesNoTopicsFromReplicasWhileAMasterLives) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  auto replica = broker("b", 1, "h:2");
  replica.topics.push_back(topic("OnlyOnReplica"));
  ASSERT_TRUE(tables.register_broker(replica, at(0)));
  EXPECT_FALSE(tables.route("OnlyOnReplica"));
}

TEST(RouteTables, DropsSilentBrokersAndKeepsThoseThatBeat) {
  RouteTables tables;
  auto quick = broker("quick", 0, "h:2");
  quick.heartbeat_timeout = milliseconds(1000);
  quick.connection = 9;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(quick, at(0)));
  EXPECT_THAT(tables.expire(at(1000)), IsEmpty());
  EXPECT_THAT(tables.expire(at(1001)), ElementsAre(9));
  EXPECT_TRUE(tables.heartbeat("c1", BrokerAddress::fixed("h:1"), at(100'000)));
  EXPECT_THAT(tables.expire(at(220'000)), IsEmpty());
  EXPECT_THAT(tables.expire(at(220'001)), ElementsAre(7));
  EXPECT_FALSE(tables.route("T"));
  EXPECT_THAT(tables.cluster_info().clusters, IsEmpty());
}

TEST(RouteTables, DropsTheBrokersOfAClosedConnectionOnly) {
  RouteTables tables;
  auto other = broker("other", 0, "h:2");
  other.connection = 8;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(other, at(0)));
  EXPECT_EQ(tables.connection_closed(7), 1U);
  ASSERT_TRUE(tables.route("T"));
  EXPECT_EQ(tables.route("T")->queues.size(), 1U);
  EXPECT_EQ(tables.connection_closed(0), 0U);
}

TEST(RouteTables, ForgetsTheOldConnectionOfABrokerThatReconnected) {
  RouteTables tables;
  auto b = broker("b", 0, "h:1");
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  b.connection = 8;
  ASSERT_TRUE(tables.register_broker(b, at(1)));
  EXPECT_EQ(tables.connection_closed(7), 0U);
  EXPECT_TRUE(tables.route("T"));
}

TEST(RouteTables, UnregistersOneAddressAndThenTheName) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(broker("b", 1, "h:2"), at(0)));
  tables.unregister_broker("c1", "b", 0, BrokerAddress::fixed("h:1"));
  EXPECT_EQ(tables.route("T")->queues[0].perm, 6) << "without acting master nothing changes";
  tables.unregister_broker("c1", "b", 1, BrokerAddress::fixed("h:2"));
  EXPECT_FALSE(tables.route("T"));
}

TEST(RouteTables, ShowsTheSmallestReplicaAsReadOnlyMaster) {
  RouteTables tables({.acting_master = true});
  for (std::int64_t id : {0, 1, 2}) {
    auto b = broker("b", id, "h:" + std::to_string(id));
    b.enable_acting_master = true;
    ASSERT_TRUE(tables.register_broker(b, at(0)));
  }
  tables.unregister_broker("c1", "b", 0, BrokerAddress::fixed("h:0"));
  const auto route = tables.route("T");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->queues[0].perm, kPermRead);
  EXPECT_EQ(route->brokers[0].addresses.at(0), BrokerAddress::fixed("h:1"));
  EXPECT_EQ(route->brokers[0].addresses.at(2), BrokerAddress::fixed("h:2"));
}

TEST(RouteTables, ReplicaThatStandsInRegistersItsTopicsReadOnly) {
  RouteTables tables;
  auto b = broker("b", 1, "h:1");
  b.enable_acting_master = true;
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  EXPECT_EQ(tables.route("T")->queues[0].perm, kPermRead);
}

}  // namespace
}  // namespace sluice::naming
