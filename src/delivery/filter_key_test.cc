#include "delivery/filter_key.h"

#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

std::string key(std::string_view expression, std::string_view type = "TAG") {
  return filter_key(*parse_subscription("t", expression, type, 1));
}

TEST(FilterKey, IsTheSameForTheSameTags) {
  EXPECT_EQ(key("a || b"), key("b||a"));
  EXPECT_NE(key("a"), key("b"));
  EXPECT_EQ(key(""), key("*"));
  EXPECT_NE(key("a", "SQL92"), key("a"));
}

TEST(FilterKey, CoversWhatItLetsThrough) {
  EXPECT_TRUE(filter_covers(key("*"), key("a")));
  EXPECT_TRUE(filter_covers(key("*"), key("a > 1", "SQL92")));
  EXPECT_TRUE(filter_covers(key("a||b"), key("a")));
  EXPECT_FALSE(filter_covers(key("a"), key("a||b")));
  EXPECT_FALSE(filter_covers(key("a||b"), key("*")));
  EXPECT_FALSE(filter_covers(key("a > 0", "SQL92"), key("a > 1", "SQL92")));
}

TEST(WantsKey, LeavesRetryTopicsOutAndComparesTopicByTopic) {
  const auto wants = [](std::initializer_list<std::pair<std::string, std::string>> wanted) {
    Subscriptions subscriptions;
    for (const auto& [topic, expression] : wanted) {
      subscriptions[topic] =
          std::make_shared<const Subscription>(*parse_subscription(topic, expression, "TAG", 1));
    }
    return wants_key(subscriptions);
  };
  EXPECT_EQ(wants({{"%RETRY%g", "*"}, {"t", "a"}}), wants({{"t", "a"}}));
  EXPECT_TRUE(wants_include(wants({{"t", "a"}, {"u", "*"}}), wants({{"t", "a"}})));
  EXPECT_FALSE(wants_include(wants({{"t", "*"}}), wants({{"t", "a"}})));
  EXPECT_TRUE(wants_cover(wants({{"t", "*"}, {"u", "b"}}), wants({{"t", "a"}})));
  EXPECT_FALSE(wants_cover(wants({{"t", "*"}}), wants({{"t", "a"}, {"u", "b"}})));
  EXPECT_EQ(wants({{"%RETRY%g", "*"}}), "");
}

}  // namespace
}  // namespace sluice::delivery
