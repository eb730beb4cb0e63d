#include "delivery/variants.h"

#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

constexpr SteadyTime kNow{milliseconds(1000)};
constexpr QueueId kQueue(0);

class QuietLink : public Link {
 public:
  void members_changed(std::string_view) override {}
};

class VariantsTest : public ::testing::Test {
 protected:
  using Wanted = std::vector<std::pair<std::string, std::string>>;  // topic, expression

  std::shared_ptr<Link> join(const std::string& id, const Wanted& wanted) {
    auto link = std::make_shared<QuietLink>();
    say_hello(link, id, wanted);
    return link;
  }
  void say_hello(const std::shared_ptr<Link>& link, const std::string& id, const Wanted& wanted) {
    Hello hello{.client_id = id, .group = "g", .subscriptions = {}};
    hello.subscriptions.push_back(*parse_subscription("%RETRY%g", "*", "TAG", ++version_));
    for (const auto& [topic, expression] : wanted) {
      hello.subscriptions.push_back(*parse_subscription(topic, expression, "TAG", ++version_));
    }
    members_.hello(link, std::move(hello), kNow);
  }
  void leave(const std::shared_ptr<Link>& link) { members_.disconnected(link.get()); }
  void commit(const std::shared_ptr<Link>& link, std::int64_t next, std::string_view topic = "t") {
    variants_.commit(link.get(), "g", topic, kQueue, QueueOffset(next));
  }
  /// -1: nothing is committed.
  std::int64_t place(const std::shared_ptr<Link>& link, std::string_view topic = "t") {
    return variants_.committed(link.get(), "g", topic, kQueue).value_or(QueueOffset(-1)).value;
  }
  std::int64_t of_group() const {
    return group_.committed("g", "t", kQueue).value_or(QueueOffset(-1)).value;
  }

  std::int64_t version_ = 0;
  ConsumerGroups members_;
  Progress group_;
  Variants variants_{members_, group_};
};

TEST_F(VariantsTest, MembersThatWantTheSameShareTheGroupsProgress) {
  const auto a = join("a", {{"t", "x || y"}});
  const auto b = join("b", {{"t", "y||x"}});
  EXPECT_FALSE(members_.any_split());
  commit(a, 5);
  EXPECT_EQ(place(b), 5);
  EXPECT_TRUE(variants_.entries().empty());
  EXPECT_EQ(members_.peers(a.get(), "g"), (std::vector<std::string>{"a", "b"}));
}

TEST_F(VariantsTest, DifferentFiltersHaveProgressOfTheirOwnAndTheGroupHasTheLeast) {
  const auto a = join("a", {{"t", "x"}});
  commit(a, 100);
  const auto b = join("b", {{"t", "y"}});
  EXPECT_EQ(members_.peers(a.get(), "g"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(place(b), 100);
  commit(a, 150);
  EXPECT_EQ(of_group(), 100);
  commit(b, 120);
  EXPECT_EQ(of_group(), 120);
  EXPECT_EQ(place(a), 150);
  EXPECT_EQ(place(b), 120);
}

TEST_F(VariantsTest, AMemberThatRestartsGoesOnWhereItWas) {
  auto a = join("a", {{"t", "x"}});
  auto b = join("b", {{"t", "y"}});
  commit(a, 10);
  commit(b, 10);
  leave(a);
  commit(b, 300);
  EXPECT_EQ(of_group(), 300);
  a = join("a2", {{"t", "x"}});
  EXPECT_EQ(place(a), 10);
  leave(b);
  commit(a, 400);
  b = join("b2", {{"t", "y"}});
  EXPECT_EQ(place(b), 300);
}

TEST_F(VariantsTest, AMemberThatLeavesBeforeItsFirstCommitKeepsThePlaceWhereItBegan) {
  const auto a = join("a", {{"t", "x"}});
  auto b = join("b", {{"t", "y"}});
  variants_.begin(a.get(), "g", "t", kQueue, QueueOffset(5));
  variants_.begin(b.get(), "g", "t", kQueue, QueueOffset(3));
  commit(a, 150);
  EXPECT_EQ(of_group(), 3);
  leave(b);
  commit(a, 170);
  EXPECT_EQ(of_group(), 170);
  b = join("b2", {{"t", "y"}});
  EXPECT_EQ(place(b), 3);
  variants_.begin(b.get(), "g", "t", kQueue, QueueOffset(200));
  EXPECT_EQ(place(b), 3);
}

TEST_F(VariantsTest, NothingIsForgottenOverARestartOfTheBroker) {
  const auto a = join("a", {{"t", "x"}});
  const auto b = join("b", {{"t", "y"}});
  commit(a, 10);
  commit(b, 20);
  ConsumerGroups members;
  Progress group;
  Variants after(members, group);
  group.restore(group_.entries());
  after.restore(variants_.entries());
  // Clients reconnect and commit before their heartbeat: whose progress that is nobody knows.
  after.commit(a.get(), "g", "t", kQueue, QueueOffset(12));
  Hello hello{.client_id = "b", .group = "g", .subscriptions = {}};
  hello.subscriptions.push_back(*parse_subscription("t", "y", "TAG", 1));
  members.hello(b, std::move(hello), kNow);
  EXPECT_EQ(after.committed(b.get(), "g", "t", kQueue), QueueOffset(20));
}

TEST_F(VariantsTest, ARollingChangeEndsWithTheNewFiltersProgress) {
  const auto old = join("old", {{"t", "x"}});
  commit(old, 100);
  const auto fresh = join("new", {{"t", "x || y"}});
  commit(fresh, 90);
  commit(old, 130);
  EXPECT_EQ(of_group(), 90);
  leave(old);
  commit(fresh, 110);
  EXPECT_EQ(of_group(), 110);
  EXPECT_TRUE(variants_.entries().empty());
  const auto back = join("old", {{"t", "x"}});
  EXPECT_EQ(place(back), 110);
}

TEST_F(VariantsTest, DisjointMembersDoNotSeeEachOtherAndKeepTheirRetriesApart) {
  const auto a = join("a", {{"t", "*"}});
  const auto b = join("b", {{"u", "*"}});
  EXPECT_EQ(members_.peers(a.get(), "g"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(members_.peers(b.get(), "g"), (std::vector<std::string>{"b"}));
  commit(a, 7);
  EXPECT_EQ(of_group(), 7);
  EXPECT_FALSE(variants_.apart("g", "t"));
  EXPECT_TRUE(variants_.apart("g", "%RETRY%g"));
  commit(a, 3, "%RETRY%g");
  commit(b, 9, "%RETRY%g");
  EXPECT_EQ(place(a, "%RETRY%g"), 3);
  EXPECT_EQ(place(b, "%RETRY%g"), 9);
}

TEST_F(VariantsTest, WhatAMemberLeavesToOthersSomebodyTakes) {
  const auto narrow = join("narrow", {{"t", "*"}});
  const auto wide = join("wide", {{"t", "*"}, {"u", "*"}});
  EXPECT_EQ(members_.peers(narrow.get(), "g"), (std::vector<std::string>{"narrow", "wide"}));
  EXPECT_EQ(members_.peers(wide.get(), "g"), (std::vector<std::string>{"wide"}));
}

TEST_F(VariantsTest, AResetMovesEveryVariantAlsoThoseThatLeft) {
  const auto a = join("a", {{"t", "x"}});
  const auto b = join("b", {{"t", "y"}});
  commit(a, 10);
  commit(b, 20);
  leave(b);
  variants_.reset("g", "t", kQueue, QueueOffset(2));
  EXPECT_EQ(place(a), 2);
  EXPECT_EQ(of_group(), 2);
  EXPECT_EQ(place(join("b", {{"t", "y"}})), 2);
}

TEST_F(VariantsTest, TheLastCommitMayComeAfterTheLeave) {
  const auto a = join("a", {{"t", "x"}});
  const auto b = join("b", {{"t", "y"}});
  commit(a, 10);
  commit(b, 20);
  members_.leave(a.get(), "g");
  commit(a, 15);
  members_.disconnected(a.get());
  commit(a, 17);  // from a connection that is nobody's
  EXPECT_EQ(place(join("a2", {{"t", "x"}})), 15);
  EXPECT_EQ(place(b), 20);
}

TEST_F(VariantsTest, AVariantIsForgottenWhenItsMessagesAreGone) {
  const auto a = join("a", {{"t", "x"}});
  const auto b = join("b", {{"t", "y"}});
  commit(a, 10);
  commit(b, 20);
  leave(a);
  variants_.prune([](std::string_view, QueueId) { return QueueOffset(15); });
  ASSERT_EQ(variants_.entries().size(), 1u);
  EXPECT_EQ(variants_.entries().front().offsets.at(0), 20);
}

TEST_F(VariantsTest, LocksAreApartWhereFiltersDiffer) {
  const auto a = join("a", {{"t", "x"}, {"u", "*"}});
  const auto b = join("b", {{"t", "y"}, {"u", "*"}});
  EXPECT_NE(variants_.scope(a.get(), "g", "t"), variants_.scope(b.get(), "g", "t"));
  EXPECT_EQ(variants_.scope(a.get(), "g", "u"), "g");
  leave(b);
  EXPECT_EQ(variants_.scope(a.get(), "g", "t"), "g");
}

TEST_F(VariantsTest, NamesTwoMembersThatDiffer) {
  const auto a = join("a", {{"t", "x"}});
  EXPECT_FALSE(members_.contradiction("g"));
  const auto b = join("b", {{"t", "y"}});
  const auto found = members_.contradiction("g");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->topic, "t");
  EXPECT_EQ(found->one.client_id + found->one.expression, "ax");
  EXPECT_EQ(found->other.client_id + found->other.expression, "by");
  EXPECT_EQ(members_.split_groups(), 1);
  say_hello(b, "b", {{"t", "x"}});
  EXPECT_EQ(members_.split_groups(), 0);
}

}  // namespace
}  // namespace sluice::delivery
