#include "delivery/subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/java_hash.h"

namespace sluice::delivery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Subscription, StarAndEmptyWantEverything) {
  for (const char* expression : {"*", "", "  ", " * "}) {
    const auto subscription = parse_subscription("t", expression, "TAG", 1);
    ASSERT_TRUE(subscription);
    EXPECT_TRUE(subscription->wants_all()) << expression;
    EXPECT_TRUE(subscription->matches(0));
    EXPECT_EQ(subscription->expression, "*");
  }
}

TEST(Subscription, TakesTagsWithBlanksAround) {
  const auto subscription = parse_subscription("t", " TagA||  TagB || TagA ||", "", 7);
  ASSERT_TRUE(subscription);
  EXPECT_THAT(subscription->tags, ElementsAre("TagA", "TagB"));
  EXPECT_EQ(subscription->version, 7);
  EXPECT_TRUE(subscription->matches(java_hash("TagA")));
  EXPECT_TRUE(subscription->matches(java_hash("TagB")));
  EXPECT_FALSE(subscription->matches(java_hash("TagC")));
  EXPECT_FALSE(subscription->matches(0));
}

TEST(Subscription, MatchesNegativeHashesSignExtended) {
  const auto subscription = parse_subscription("t", "polygenelubricants", "TAG", 0);
  ASSERT_TRUE(subscription);
  EXPECT_TRUE(subscription->matches(std::int64_t{INT32_MIN}));
  EXPECT_FALSE(subscription->matches(0x80000000LL));
}

TEST(Subscription, RefusesSeparatorsOnly) {
  const auto subscription = parse_subscription("t", " || ", "TAG", 0);
  ASSERT_FALSE(subscription);
  EXPECT_EQ(subscription.error().code(), Errc::subscription_malformed);
}

TEST(Subscription, RefusesOtherTypesByName) {
  const auto subscription = parse_subscription("t", "a > 1", "GROOVY", 0);
  ASSERT_FALSE(subscription);
  EXPECT_EQ(subscription.error().code(), Errc::unsupported);
  EXPECT_THAT(std::string(subscription.error().remark()), HasSubstr("GROOVY"));
}

TEST(Subscription, CompilesSqlOnce) {
  const auto subscription = parse_subscription("t", "a > 1", "SQL92", 7);
  ASSERT_TRUE(subscription);
  EXPECT_TRUE(subscription->filter);
  EXPECT_FALSE(subscription->wants_all());
  EXPECT_EQ(subscription->type, "SQL92");
  EXPECT_EQ(subscription->expression, "a > 1");
  EXPECT_EQ(subscription->version, 7);
}

TEST(Subscription, RefusesMalformedSqlWithItsPosition) {
  for (const char* expression : {"", "*", "a >"}) {
    const auto subscription = parse_subscription("t", expression, "SQL92", 0);
    ASSERT_FALSE(subscription) << expression;
    EXPECT_EQ(subscription.error().code(), Errc::subscription_malformed);
    EXPECT_THAT(std::string(subscription.error().remark()), HasSubstr("position"));
  }
}

}  // namespace
}  // namespace sluice::delivery
