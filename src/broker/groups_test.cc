#include "broker/groups.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

constexpr WallTime kNow = from_unix_ms(1'700'000'000'000);

GroupConfig named(std::string name) {
  GroupConfig config;
  config.name = std::move(name);
  return config;
}

TEST(Groups, MakesAnUnknownGroupOnlyWhenAllowed) {
  Groups open(true);
  Groups closed(false);
  ASSERT_TRUE(open.find_or_create("g", kNow));
  EXPECT_EQ(open.find("g")->retry_max_times, 16);
  EXPECT_EQ(closed.find_or_create("g", kNow).error().code(), Errc::group_not_found);
  EXPECT_TRUE(closed.find_or_create("TOOLS_CONSUMER", kNow));
}

TEST(Groups, RefusesBadNamesAndSystemGroups) {
  Groups groups(true);
  EXPECT_EQ(groups.find_or_create("", kNow).error().code(), Errc::invalid_name);
  EXPECT_EQ(groups.find_or_create("a b", kNow).error().code(), Errc::invalid_name);
  EXPECT_TRUE(groups.put(named(std::string(120, 'g')), kNow));
  EXPECT_EQ(groups.put(named(std::string(121, 'g')), kNow).error().code(), Errc::invalid_name);
  EXPECT_EQ(groups.put(named("CID_RMQ_SYS_X"), kNow).error().code(), Errc::not_permitted);
  EXPECT_EQ(groups.remove("TOOLS_CONSUMER", kNow).error().code(), Errc::not_permitted);
}

TEST(Groups, AChangeStepsTheVersionAndIsTold) {
  Groups groups(true);
  int told = 0;
  groups.on_change([&] { told += groups.version().counter > 0; });
  ASSERT_TRUE(groups.put(named("g"), kNow));
  ASSERT_TRUE(groups.put(named("g"), kNow));
  EXPECT_EQ(told, 1) << "the same again is no change";
  ASSERT_TRUE(groups.remove("g", kNow));
  EXPECT_EQ(groups.remove("g", kNow).error().code(), Errc::group_not_found);
  EXPECT_EQ(told, 2);
  EXPECT_EQ(groups.version(),
            (DataVersion{.state_version = 0, .timestamp = unix_ms(kNow), .counter = 2}));
}

TEST(Groups, ATopicThatIsForbiddenStaysSoWhateverElseChanges) {
  Groups groups(true);
  EXPECT_EQ(groups.let_read("g", "t", false, kNow).error().code(), Errc::group_not_found);
  ASSERT_TRUE(groups.put(named("g"), kNow));
  ASSERT_TRUE(groups.let_read("g", "t", false, kNow));
  GroupConfig changed = named("g");
  changed.retry_max_times = 3;
  ASSERT_TRUE(groups.put(changed, kNow));
  EXPECT_FALSE(groups.find("g")->may_read("t"));
  EXPECT_TRUE(groups.find("g")->may_read("u"));
  ASSERT_TRUE(groups.let_read("g", "t", true, kNow));
  EXPECT_EQ(*groups.find("g"), changed);
}

TEST(Groups, RestoreReplacesEverythingSilently) {
  Groups groups(true);
  ASSERT_TRUE(groups.put(named("old"), kNow));
  groups.on_change([] { ADD_FAILURE(); });
  groups.restore({named("b"), named("a")}, {.state_version = 0, .timestamp = 1, .counter = 9});
  EXPECT_EQ(groups.find("old"), nullptr);
  ASSERT_EQ(groups.configs().size(), 2u);
  EXPECT_EQ(groups.configs()[0]->name, "a");
  EXPECT_EQ(groups.version().counter, 9);
}

}  // namespace
}  // namespace sluice::broker
