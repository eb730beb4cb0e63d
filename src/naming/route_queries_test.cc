// RouteTables: what clients ask and operators change.
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

TEST(RouteTables, LeavesOtherZonesOutUnlessTheyHaveNoMaster) {
  RouteTables tables;
  auto a = broker("a", 0, "h:1"), b = broker("b", 0, "h:2"), c = broker("c", 1, "h:3");
  a.zone = "Z1";
  b.zone = "z2";
  c.zone = "z2";
  c.enable_acting_master = true;
  for (const auto& each : {a, b, c}) ASSERT_TRUE(tables.register_broker(each, at(0)));
  const auto route = tables.route("T", "z1");
  ASSERT_TRUE(route);
  ASSERT_EQ(route->brokers.size(), 2U);
  EXPECT_EQ(route->brokers[0].broker_name, "a");
  EXPECT_EQ(route->brokers[1].broker_name, "c");
  EXPECT_EQ(route->queues.size(), 2U);
}

TEST(RouteTables, ComparesVersionsForBrokersThatAsk) {
  RouteTables tables;
  const auto b = broker("b", 0, "h:1");
  EXPECT_TRUE(tables.query_version("c1", b.address, b.version, at(0)).changed);
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  EXPECT_FALSE(tables.query_version("c1", b.address, b.version, at(110'000)).changed);
  const auto answer = tables.query_version("c1", b.address, {.counter = 5}, at(110'000));
  EXPECT_TRUE(answer.changed);
  EXPECT_EQ(answer.known, b.version);
  EXPECT_THAT(tables.expire(at(220'000)), IsEmpty()) << "asking is a sign of life";
}

TEST(RouteTables, ListsTopicsByClusterAndSystemTopics) {
  RouteTables tables;
  auto other = broker("b2", 0, "h:2");
  other.cluster = "c2";
  other.topics = {topic("X"), topic("Y")};
  ASSERT_TRUE(tables.register_broker(broker("b1", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(other, at(0)));
  EXPECT_THAT(tables.topics().topics, ElementsAre("T", "U", "X", "Y"));
  EXPECT_THAT(tables.topics_of_cluster("c2").topics, ElementsAre("X", "Y"));
  EXPECT_THAT(tables.topics_of_cluster("none").topics, IsEmpty());
  const auto system = tables.system_topics();
  EXPECT_THAT(system.topics, ElementsAre("b1", "b2", "c1", "c2"));
  EXPECT_EQ(system.broker_address, BrokerAddress::fixed("h:1"));
  EXPECT_THAT(tables.cluster_info().clusters.at("c1"), ElementsAre("b1"));
}

TEST(RouteTables, ListsUnitTopicsByTheirFlags) {
  RouteTables tables;
  auto b = broker("b", 0, "h:1");
  b.topics = {topic("plain"), topic("unit", 1, 1), topic("sub", 1, 2), topic("both", 1, 3)};
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  EXPECT_THAT(tables.unit_topics().topics, ElementsAre("both", "unit"));
  EXPECT_THAT(tables.unit_sub_topics().topics, ElementsAre("both", "sub"));
  EXPECT_THAT(tables.unit_sub_without_unit_topics().topics, ElementsAre("sub"));
}

TEST(RouteTables, TakesAndGivesWritePermission) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  EXPECT_EQ(tables.wipe_write_perm("b"), 2U);
  EXPECT_EQ(tables.route("T")->queues[0].perm, kPermRead);
  EXPECT_EQ(tables.add_write_perm("b"), 2U);
  EXPECT_EQ(tables.route("T")->queues[0].perm, kPermRead | kPermWrite);
  EXPECT_EQ(tables.wipe_write_perm("unknown"), 0U);
}

TEST(RouteTables, RemovesATopicEverywhereOrInOneCluster) {
  RouteTables tables;
  auto other = broker("b2", 0, "h:2");
  other.cluster = "c2";
  ASSERT_TRUE(tables.register_broker(broker("b1", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(other, at(0)));
  tables.remove_topic("T", "c1");
  ASSERT_TRUE(tables.route("T"));
  EXPECT_EQ(tables.route("T")->queues[0].broker_name, "b2");
  tables.remove_topic("U");
  EXPECT_THAT(tables.topics().topics, ElementsAre("T"));
}

TEST(RouteTables, RegistersATopicOnlyForKnownBrokers) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  EXPECT_EQ(tables.register_topic("N", {{"b", 1, 1, 6, 0}, {"x", 1, 1, 6, 0}}).error().code(),
            Errc::not_found);
  EXPECT_FALSE(tables.route("N"));
  ASSERT_TRUE(tables.register_topic("N", {{"b", 1, 1, 6, 0}}));
  EXPECT_TRUE(tables.route("N"));
}

}  // namespace
}  // namespace sluice::naming
