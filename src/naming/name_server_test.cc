#include "naming/name_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::naming {
namespace {

BrokerRegistration registration() {
  return {.cluster = "c",
          .broker_name = "b",
          .address = BrokerAddress::same_host(10911),
          .topics = {{"T", 2, 2, 6, 0}, {"U", 2, 2, 6, 0}}};
}

TEST(KvConfig, KeepsNamespacesApart) {
  KvConfig kv;
  kv.put("a", "k", "1");
  kv.put("b", "k", "2");
  EXPECT_EQ(kv.get("a", "k"), "1");
  EXPECT_EQ(kv.get("b", "k"), "2");
  EXPECT_EQ(kv.get("a", "x"), std::nullopt);
  EXPECT_FALSE(kv.list("none"));
  EXPECT_TRUE(kv.remove("a", "k"));
  EXPECT_FALSE(kv.remove("a", "k"));
  ASSERT_TRUE(kv.list("a"));
  EXPECT_TRUE(kv.list("a")->empty());
}

TEST(KvConfig, ComesBackFromASnapshot) {
  KvConfig kv, restored;
  kv.put("a", "k", "1");
  restored.restore(kv.snapshot());
  EXPECT_EQ(restored.get("a", "k"), "1");
}

TEST(NameServer, TellsBrokersWhichTopicsAreOrdered) {
  NameServer server;
  server.kv().put(kOrderTopicNamespace, "T", "b:2");
  const auto reply = server.register_broker(registration(), SteadyTime{});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->order_topics.at("T"), "b:2");
}

TEST(NameServer, KeepsTheOrderedTopicsFromBrokersWhenTold) {
  NameServer server({.order_conf_to_brokers = false});
  server.kv().put(kOrderTopicNamespace, "T", "b:2");
  const auto reply = server.register_broker(registration(), SteadyTime{});
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->order_topics.empty());
}

TEST(NameServer, HandsTheTablesRulesAndErrorsOn) {
  NameServer server({.routes = {.delete_missing_topics = true}});
  ASSERT_TRUE(server.register_broker(registration(), SteadyTime{}));
  auto shorter = registration();
  shorter.topics.pop_back();
  ASSERT_TRUE(server.register_broker(shorter, SteadyTime{}));
  ASSERT_FALSE(server.route("U"));
  EXPECT_EQ(server.route("U").error().code(), Errc::topic_not_found);
}

TEST(NameServer, PutsTheOrderConfigurationIntoRoutesOnlyWhenTold) {
  NameServer plain, ordered({.order_conf_in_routes = true});
  for (NameServer* server : {&plain, &ordered}) {
    server->kv().put(kOrderTopicNamespace, "T", "b:2");
    ASSERT_TRUE(server->register_broker(registration(), SteadyTime{}));
  }
  EXPECT_EQ(plain.route("T")->order_conf, std::nullopt);
  EXPECT_EQ(ordered.route("T")->order_conf, "b:2");
  EXPECT_EQ(ordered.route("U")->order_conf, std::nullopt);
}

TEST(NameServer, NeverLosesABrokerOfItsOwnProcessToAClosedConnection) {
  NameServer server;
  ASSERT_TRUE(server.register_broker(registration(), SteadyTime{}));
  EXPECT_EQ(server.routes().connection_closed(0), 0U);
  EXPECT_TRUE(server.route("T"));
}

}  // namespace
}  // namespace sluice::naming
