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

TEST(RouteTables, LeavesNoAddressBehindWhenAMoveIsRefused) {
  RouteTables tables;
  auto master = broker("b", 0, "h:1");
  master.version.state_version = 2;
  ASSERT_TRUE(tables.register_broker(master, at(0)));
  ASSERT_TRUE(tables.register_broker(broker("b", 1, "h:2"), at(0)));
  const auto reply = tables.register_broker(broker("b", 0, "h:2"), at(1));
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->accepted);
  const auto addresses = tables.member_group("c1", "b").addresses;
  EXPECT_EQ(addresses.size(), 1U) << "an address without a sign of life would never expire";
  EXPECT_EQ(addresses.at(0), BrokerAddress::fixed("h:1"));
}

TEST(RouteTables, ForgetsTheOldNameOfARenamedBroker) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("old", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(broker("new", 0, "h:1"), at(1)));
  EXPECT_THAT(tables.cluster_info().clusters.at("c1"), ElementsAre("new"));
  ASSERT_EQ(tables.route("T")->queues.size(), 1U);
  EXPECT_EQ(tables.route("T")->queues[0].broker_name, "new");
}

TEST(RouteTables, MovesABrokerToItsNewCluster) {
  RouteTables tables;
  auto b = broker("b", 0, "h:1");
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  b.cluster = "c2";
  ASSERT_TRUE(tables.register_broker(b, at(60'000)));
  const auto clusters = tables.cluster_info().clusters;
  EXPECT_FALSE(clusters.contains("c1"));
  ASSERT_TRUE(clusters.contains("c2"));
  EXPECT_THAT(clusters.at("c2"), ElementsAre("b"));
  EXPECT_THAT(tables.expire(at(130'000)), IsEmpty());
  EXPECT_TRUE(tables.route("T"));
}

TEST(RouteTables, IgnoresAnUnregistrationFromAnotherClusterOrAddress) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  tables.unregister_broker("c2", "b", 0, BrokerAddress::fixed("h:1"));
  tables.unregister_broker("c1", "b", 0, BrokerAddress::fixed("h:2"));
  tables.unregister_broker("c1", "x", 0, BrokerAddress::fixed("h:1"));
  EXPECT_TRUE(tables.route("T"));
  EXPECT_TRUE(tables.heartbeat("c1", BrokerAddress::fixed("h:1"), at(1)));
}

TEST(RouteTables, TakesAnIdOverWhenItsHolderIsNotNewer) {
  RouteTables tables;
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:1"), at(0)));
  ASSERT_TRUE(tables.register_broker(broker("b", 0, "h:2"), at(100'000)));
  EXPECT_THAT(tables.expire(at(120'001)), ElementsAre(7)) << "the address that was replaced";
  EXPECT_EQ(tables.member_group("c1", "b").addresses.at(0), BrokerAddress::fixed("h:2"));
  EXPECT_TRUE(tables.route("T"));
}

TEST(RouteTables, TakesASingleTopicFromAKnownBroker) {
  RouteTables tables;
  auto b = broker("b", 0, "h:1");
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  b.topics = {topic("N")};
  b.version.counter++;
  ASSERT_TRUE(tables.register_broker(b, at(1)));
  EXPECT_THAT(tables.topics().topics, ElementsAre("N", "T", "U"));
}

TEST(RouteTables, LetsNoOldBrokersReplicaStandIn) {
  RouteTables tables;
  auto b = broker("b", 1, "h:1");
  b.enable_acting_master = std::nullopt;
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  EXPECT_FALSE(tables.route("T"));
}

TEST(RouteTables, GivesWriteBackWhenTheMasterReturns) {
  RouteTables tables;
  for (std::int64_t id : {0, 1}) {
    auto b = broker("b", id, "h:" + std::to_string(id));
    b.enable_acting_master = true;
    ASSERT_TRUE(tables.register_broker(b, at(0)));
  }
  tables.unregister_broker("c1", "b", 0, BrokerAddress::fixed("h:0"));
  EXPECT_EQ(tables.route("T")->queues[0].perm, kPermRead);
  EXPECT_EQ(tables.route("T")->brokers[0].addresses.count(0), 0U) << "shown only when told";
  auto master = broker("b", 0, "h:0");
  master.enable_acting_master = true;
  ASSERT_TRUE(tables.register_broker(master, at(1)));
  EXPECT_EQ(tables.route("T")->queues[0].perm, kPermRead | kPermWrite);
}

TEST(RouteTables, BringsRemovedTopicsAndPermissionsBackWithAChangedRegistration) {
  RouteTables tables;
  auto b = broker("b", 0, "h:1");
  ASSERT_TRUE(tables.register_broker(b, at(0)));
  tables.wipe_write_perm("b");
  ASSERT_TRUE(tables.register_broker(b, at(1)));
  EXPECT_EQ(tables.route("T")->queues[0].perm, kPermRead) << "an unchanged one says nothing new";
  tables.remove_topic("U");
  b.version.counter++;
  ASSERT_TRUE(tables.register_broker(b, at(2)));
  EXPECT_EQ(tables.route("T")->queues[0].perm, kPermRead | kPermWrite);
  EXPECT_TRUE(tables.route("U"));
}

TEST(RouteTables, AnswersAnUnknownMemberGroupWithoutAddresses) {
  const auto group = RouteTables().member_group("c", "b");
  EXPECT_EQ(group.cluster, "c");
  EXPECT_EQ(group.broker_name, "b");
  EXPECT_THAT(group.addresses, IsEmpty());
}

}  // namespace
}  // namespace sluice::naming
