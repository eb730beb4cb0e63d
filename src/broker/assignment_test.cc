#include "broker/assignment.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

const std::vector<BrokerQueues> kBrokers{{"b", 4}, {"a", 4}};

RequestModeSetting pop(std::int32_t share) {
  return {.mode = RequestMode::pop, .pop_share_queues = share};
}

/// `a0 a1` for each of the members c0, c1, ….
std::vector<std::string> shares(std::size_t members, std::string_view strategy,
                                RequestModeSetting mode = {}) {
  AssignmentQuery query{.strategy = strategy, .mode = mode, .brokers = kBrokers};
  for (std::size_t i = members; i-- > 0;) query.members.push_back(fmt::format("c{}", i));
  std::vector<std::string> out;
  for (std::size_t i = 0; i < members; ++i) {
    const std::string id = fmt::format("c{}", i);
    query.client_id = id;
    std::string text;
    const auto places = assign(query);
    for (const auto& [broker, queue] : places.value()) {
      text += fmt::format("{}{}{}", text.empty() ? "" : " ", broker, queue);
    }
    out.push_back(text);
  }
  return out;
}

using Shares = std::vector<std::string>;

TEST(Assignment, AverageGivesNeighboursLikeApachesStrategy) {
  EXPECT_EQ(shares(3, "AVG"), (Shares{"a0 a1 a2", "a3 b0 b1", "b2 b3"}));
  EXPECT_EQ(shares(5, "AVG"), (Shares{"a0 a1", "a2 a3", "b0 b1", "b2", "b3"}));
  EXPECT_EQ(shares(10, "AVG"), (Shares{"a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3", "", ""}));
}

TEST(Assignment, ByCircleDealsLikeApachesStrategy) {
  EXPECT_EQ(shares(3, "AVG_BY_CIRCLE"), (Shares{"a0 a3 b2", "a1 b0 b3", "a2 b1"}));
  EXPECT_EQ(shares(5, "AVG_BY_CIRCLE"), (Shares{"a0 b1", "a1 b2", "a2 b3", "a3", "b0"}));
}

TEST(Assignment, PopWithoutSharingGivesEverybodyEachBroker) {
  const Shares everywhere(3, "a-1 b-1");
  EXPECT_EQ(shares(3, "AVG", pop(-1)), everywhere);
  EXPECT_EQ(shares(3, "AVG", pop(0)), everywhere);
  EXPECT_EQ(shares(3, "AVG", pop(2)), everywhere);
}

TEST(Assignment, PopWithSharingAddsTheQueuesOfTheNextMembers) {
  EXPECT_EQ(shares(4, "AVG", pop(1)),
            (Shares{"a0 a1 a2 a3", "a2 a3 b0 b1", "b0 b1 b2 b3", "a0 a1 b2 b3"}));
}

TEST(Assignment, PopLeavesNobodyWithoutAQueue) {
  const auto all = shares(10, "AVG", pop(1));
  EXPECT_EQ(all[7], "b3");
  EXPECT_EQ(all[8], "a0");
  EXPECT_EQ(all[9], "a1");
}

TEST(Assignment, ClientsKeepWhatTheyHaveWhenNothingCanBeSaid) {
  AssignmentQuery query{
      .client_id = "c", .strategy = "AVG", .mode = {}, .brokers = kBrokers, .members = {"c"}};
  EXPECT_TRUE(assign(query));
  query.strategy = "CONSISTENT_HASH";
  EXPECT_FALSE(assign(query));
  query.strategy = "AVG";
  query.members = {};
  EXPECT_FALSE(assign(query));
  query.members = {"c"};
  query.brokers = {};
  EXPECT_FALSE(assign(query));
}

TEST(Assignment, AStrangerToTheGroupGetsNoQueue) {
  const auto places = assign(
      {.client_id = "x", .strategy = "AVG", .mode = {}, .brokers = kBrokers, .members = {"c"}});
  ASSERT_TRUE(places);
  EXPECT_TRUE(places->empty());
}

TEST(RequestModes, RetryTopicsArePulledWhateverTheFallback) {
  RequestModes modes(pop(3));
  EXPECT_EQ(modes.find("t", "g"), pop(3));
  EXPECT_EQ(modes.find("%RETRY%g", "g"), RequestModeSetting{});
  EXPECT_EQ(modes.put("%RETRY%g", "g", pop(1)).error().code(), Errc::not_permitted);
}

TEST(RequestModes, AreKeptByTopicAndGroup) {
  RequestModes modes;
  const auto before = modes.version();
  ASSERT_TRUE(modes.put("t", "g", pop(1)));
  EXPECT_NE(modes.version(), before);
  EXPECT_EQ(modes.find("t", "g"), pop(1));
  EXPECT_EQ(modes.find("t", "h"), RequestModeSetting{});
  modes.remove_group("g");
  EXPECT_EQ(modes.find("t", "g"), RequestModeSetting{});
  EXPECT_TRUE(modes.entries().empty());
}

}  // namespace
}  // namespace sluice::broker
