#include "delivery/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr SteadyTime kStart{milliseconds(1000)};
constexpr milliseconds kSilence{120'000};

struct TestLink : Link {
  void members_changed(std::string_view group) override { told.emplace_back(group); }
  std::vector<std::string> told;
};

Hello hello_of(std::string client, std::string expression = "*", std::int64_t version = 1) {
  Hello hello;
  hello.client_id = std::move(client);
  hello.group = "g";
  hello.subscriptions.push_back(*parse_subscription("t", expression, "TAG", version));
  return hello;
}

class ConsumerGroupsTest : public testing::Test {
 protected:
  void forget_notices() { a_->told.clear(), b_->told.clear(); }
  ConsumerGroups groups_;
  std::shared_ptr<TestLink> a_ = std::make_shared<TestLink>(), b_ = std::make_shared<TestLink>();
};

TEST_F(ConsumerGroupsTest, TellEveryMemberWhenOneJoins) {
  EXPECT_TRUE(groups_.hello(a_, hello_of("a"), kStart));
  forget_notices();
  EXPECT_TRUE(groups_.hello(b_, hello_of("b"), kStart));
  EXPECT_THAT(a_->told, ElementsAre("g"));
  EXPECT_THAT(groups_.client_ids("g"), UnorderedElementsAre("a", "b"));
}

TEST_F(ConsumerGroupsTest, TellNobodyWhenNothingChanged) {
  groups_.hello(a_, hello_of("a"), kStart);
  groups_.hello(b_, hello_of("b"), kStart);
  forget_notices();
  EXPECT_FALSE(groups_.hello(b_, hello_of("b", "*", 9), kStart));
  EXPECT_THAT(a_->told, IsEmpty());
}

TEST_F(ConsumerGroupsTest, TellTheOthersWhenAFilterChanges) {
  groups_.hello(a_, hello_of("a"), kStart);
  groups_.hello(b_, hello_of("b"), kStart);
  forget_notices();
  EXPECT_TRUE(groups_.hello(b_, hello_of("b", "x", 2), kStart));
  EXPECT_THAT(a_->told, ElementsAre("g"));
}

TEST_F(ConsumerGroupsTest, TellNobodyOfABroadcastingGroup) {
  for (const auto& [link, name] : {std::pair{a_, "a"}, std::pair{b_, "b"}}) {
    Hello hello = hello_of(name);
    hello.model = MessageModel::broadcasting;
    EXPECT_TRUE(groups_.hello(link, std::move(hello), kStart));
  }
  EXPECT_THAT(a_->told, IsEmpty());
  EXPECT_EQ(groups_.model("g"), MessageModel::broadcasting);
}

TEST_F(ConsumerGroupsTest, TellNobodyWhereTheGroupIsConfiguredSo) {
  for (const auto& [link, name] : {std::pair{a_, "a"}, std::pair{b_, "b"}}) {
    Hello hello = hello_of(name);
    hello.notify = false;
    EXPECT_TRUE(groups_.hello(link, std::move(hello), kStart));
  }
  EXPECT_THAT(a_->told, IsEmpty());
}

TEST_F(ConsumerGroupsTest, TellTheOthersWhenOneLeavesOrIsLost) {
  groups_.hello(a_, hello_of("a"), kStart);
  groups_.hello(b_, hello_of("b"), kStart);
  forget_notices();
  groups_.leave(b_.get(), "g");
  EXPECT_THAT(a_->told, ElementsAre("g"));
  EXPECT_THAT(b_->told, IsEmpty());
  groups_.hello(b_, hello_of("b"), kStart);
  forget_notices();
  groups_.disconnected(b_.get());
  EXPECT_THAT(a_->told, ElementsAre("g"));
  groups_.disconnected(a_.get());
  EXPECT_THAT(groups_.groups(), IsEmpty());
}

TEST_F(ConsumerGroupsTest, DropSilentMembersOnly) {
  groups_.hello(a_, hello_of("a"), kStart);
  groups_.hello(b_, hello_of("b"), kStart);
  EXPECT_TRUE(groups_.refresh(a_.get(), kStart + kSilence));
  EXPECT_EQ(groups_.expire(kStart + kSilence, kSilence), 0);
  forget_notices();
  EXPECT_EQ(groups_.expire(kStart + kSilence + milliseconds(1), kSilence), 1);
  EXPECT_THAT(groups_.client_ids("g"), ElementsAre("a"));
  EXPECT_THAT(a_->told, ElementsAre("g"));
  EXPECT_FALSE(groups_.refresh(b_.get(), kStart));
}

TEST_F(ConsumerGroupsTest, KeepEachMembersOwnSubscription) {
  groups_.hello(a_, hello_of("a", "TagA", 5), kStart);
  groups_.hello(b_, hello_of("b", "TagB", 6), kStart);
  EXPECT_THAT(groups_.subscription(a_.get(), "g", "t").subscription->tags, ElementsAre("TagA"));
  EXPECT_THAT(groups_.subscription(b_.get(), "g", "t").subscription->tags, ElementsAre("TagB"));
}

TEST_F(ConsumerGroupsTest, GiveAStrangerTheNewestSubscription) {
  groups_.hello(a_, hello_of("a", "TagA", 7), kStart);
  groups_.hello(b_, hello_of("b", "TagB", 6), kStart);
  const TestLink stranger;
  EXPECT_THAT(groups_.subscription(&stranger, "g", "t").subscription->tags, ElementsAre("TagA"));
}

TEST_F(ConsumerGroupsTest, SayWhatIsMissing) {
  using Lookup = ConsumerGroups::Lookup;
  EXPECT_EQ(groups_.subscription(a_.get(), "g", "t").lookup, Lookup::no_group);
  groups_.hello(a_, hello_of("a"), kStart);
  EXPECT_EQ(groups_.subscription(a_.get(), "g", "other").lookup, Lookup::no_topic);
  EXPECT_EQ(groups_.subscription(a_.get(), "g", "t").lookup, Lookup::found);
}

TEST_F(ConsumerGroupsTest, DropTopicsThatAHeartbeatNoLongerNames) {
  groups_.hello(a_, hello_of("a"), kStart);
  EXPECT_THAT(groups_.groups_of_topic("t"), ElementsAre("g"));
  Hello bare = hello_of("a");
  bare.subscriptions.clear();
  EXPECT_TRUE(groups_.hello(a_, std::move(bare), kStart));
  EXPECT_THAT(groups_.groups_of_topic("t"), IsEmpty());
}

TEST_F(ConsumerGroupsTest, IgnoreAnOlderSubscriptionOfTheSameMember) {
  groups_.hello(a_, hello_of("a", "new", 5), kStart);
  EXPECT_FALSE(groups_.hello(a_, hello_of("a", "old", 4), kStart));
  EXPECT_THAT(groups_.subscription(a_.get(), "g", "t").subscription->tags, ElementsAre("new"));
}

TEST_F(ConsumerGroupsTest, FindAClientsNewestLiveLink) {
  groups_.hello(a_, hello_of("same"), kStart);
  groups_.hello(b_, hello_of("same"), kStart + milliseconds(1));
  EXPECT_EQ(groups_.link_of("g", "same"), b_);
  EXPECT_THAT(groups_.client_ids("g"), ElementsAre("same"));
  EXPECT_EQ(groups_.link_of("g", "nobody"), nullptr);
}

TEST(ProducerGroups, ComeAndGo) {
  ProducerGroups groups;
  const auto link = std::make_shared<TestLink>();
  groups.hello(link, "p", {.client_id = "a", .seen = kStart});
  groups.hello(link, "q", {.client_id = "a", .seen = kStart + milliseconds(1)});
  EXPECT_THAT(groups.groups(), ElementsAre("p", "q"));
  EXPECT_EQ(groups.producers("p").size(), 1u);
  EXPECT_EQ(groups.expire(kStart + kSilence + milliseconds(1), kSilence), 1);
  EXPECT_THAT(groups.groups(), ElementsAre("q"));
  groups.disconnected(link.get());
  EXPECT_THAT(groups.groups(), IsEmpty());
}

}  // namespace
}  // namespace sluice::delivery
