#include "broker/snapshots.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

constexpr DataVersion kVersion{.state_version = 1, .timestamp = 1'700'000'000'000, .counter = 7};

TEST(Snapshots, TopicsComeBackAsWritten) {
  TopicConfig config;
  config.name = "%RETRY%g";
  config.read_queues = 3;
  config.write_queues = 2;
  config.perm = 4;
  config.order = true;
  config.attributes["message.type"] = "FIFO";
  const auto text = topics_to_json({std::make_shared<const TopicConfig>(config)}, kVersion);
  const auto back = topics_from_json(text);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->configs.size(), 1u);
  EXPECT_EQ(back->configs[0], config);
  EXPECT_EQ(back->version, kVersion);
}

TEST(Snapshots, GroupsComeBackAsWritten) {
  GroupConfig config;
  config.name = "g";
  config.consume_enable = false;
  config.retry_max_times = 3;
  config.broker_id_when_slow = 2;
  config.attributes["a"] = "b";
  config.forbidden["t"] = 4;
  const auto text = groups_to_json({std::make_shared<const GroupConfig>(config)}, kVersion);
  EXPECT_NE(text.find("\"forbiddenTable\""), std::string::npos);
  EXPECT_NE(text.find("\"type\": \"CUSTOMIZED\""), std::string::npos);
  const auto back = groups_from_json(text);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->configs.size(), 1u);
  EXPECT_EQ(back->configs[0], config);
  EXPECT_EQ(back->version, kVersion);
}

TEST(Snapshots, RetryPoliciesComeBackAsWritten) {
  const RetryPolicy policy{.type = RetryPolicy::Type::exponential,
                           .next_ms = {1'000, 5'000},
                           .exponential = ExponentialRetry{1'000, 60'000, 3}};
  const auto group =
      std::make_shared<const GroupConfig>(GroupConfig{.name = "g", .retry_policy = policy});
  const auto back = groups_from_json(groups_to_json({group}, {}));
  ASSERT_TRUE(back) << back.error().remark();
  EXPECT_EQ(back->configs.at(0).retry_policy, policy);
}

TEST(Snapshots, DelayProgressComesBackAsWrittenAndAsApacheWritesIt) {
  const Schedule::Snapshot written{.offsets = {{1, 7}, {18, 2}}, .version = {0, 5, 3}};
  const auto back = schedule_from_json(schedule_to_json(written));
  ASSERT_TRUE(back) << back.error().remark();
  EXPECT_EQ(back->offsets, written.offsets);
  EXPECT_EQ(back->version, written.version);
  const auto apaches = schedule_from_json(
      R"({"dataVersion":{"counter":4,"stateVersion":0,"timestamp":1},"offsetTable":{1:1,3:1}})");
  ASSERT_TRUE(apaches) << apaches.error().remark();
  EXPECT_EQ(apaches->offsets, (Schedule::Offsets{{1, 1}, {3, 1}}));
  EXPECT_FALSE(schedule_from_json(R"({"offsetTable":{"x":1}})"));
  EXPECT_FALSE(schedule_from_json("[]"));
}

TEST(Snapshots, ProgressComesBackAsWritten) {
  const auto back = progress_from_json(progress_to_json(
      {{{.topic = "t", .group = "g", .offsets = {{0, 5}, {12, 9'000'000'000'000}}}},
       77,
       kVersion}));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->entries.size(), 1u);
  EXPECT_EQ(back->log_offset, 77);
  EXPECT_EQ(back->version, kVersion);
  EXPECT_EQ(back->entries.front().topic, "t");
  EXPECT_EQ(back->entries.front().group, "g");
  EXPECT_EQ(back->entries.front().offsets,
            (std::map<std::int32_t, std::int64_t>{{0, 5}, {12, 9'000'000'000'000}}));
}

TEST(Snapshots, RequestModesComeBackAsWritten) {
  const auto back = request_modes_from_json(request_modes_to_json(
      {{"t", "g", {.mode = RequestMode::pop, .pop_share_queues = 2}}, {"t", "h", {}}}));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ(back->front().topic, "t");
  EXPECT_EQ(back->front().group, "g");
  EXPECT_EQ(back->front().setting.mode, RequestMode::pop);
  EXPECT_EQ(back->front().setting.pop_share_queues, 2);
  EXPECT_EQ(back->back().setting, RequestModeSetting{});
  EXPECT_TRUE(request_modes_from_json("{}")->empty());
}

TEST(Snapshots, ReadsTheBareKeysOfApachesFiles) {
  const auto back = progress_from_json(
      "{\n\t\"dataVersion\":{\"counter\":1},\n\t\"groupTopicMap\":{\"g\":[\"t\"]},\n"
      "\t\"offsetTable\":{\"t@g\":{0:123,1:-1,2 : 7\n\t\t}\n\t}\n}");
  ASSERT_TRUE(back);
  ASSERT_EQ(back->entries.size(), 1u);
  EXPECT_FALSE(back->log_offset);
  EXPECT_EQ(back->entries.front().offsets,
            (std::map<std::int32_t, std::int64_t>{{0, 123}, {2, 7}}));
  EXPECT_EQ(back->version.counter, 1);
}

TEST(Snapshots, LeavesColonsAndQuotesInsideStringsAlone) {
  const auto back = topics_from_json(
      R"({"topicConfigTable":{"t":{"attributes":{"k":"{0:1} \" 2:3","n":"x"},"order":true}}})");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->configs.at(0).attributes.at("k"), "{0:1} \" 2:3");
  EXPECT_EQ(back->configs.at(0).attributes.at("n"), "x");
  EXPECT_TRUE(back->configs.at(0).order);
  EXPECT_EQ(back->configs.at(0).read_queues, 16) << "an absent member keeps its default";
}

TEST(Snapshots, RefusesWhatIsCutOffOrOfAnotherKind) {
  const std::string whole =
      progress_to_json({{{.topic = "t", .group = "g", .offsets = {{0, 5}}}}, {}});
  EXPECT_TRUE(readable_json(whole));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(readable_json(std::string_view(whole).substr(0, cut))) << cut;
  }
  EXPECT_FALSE(readable_json("[]"));
  for (const char* bad : {"", "[1]", R"({"offsetTable":3})", R"({"offsetTable":{"t":{0:1}}})",
                          R"({"offsetTable":{"t@g":{"x":1}}})", R"({"offsetTable":{"t@g":[1]}})",
                          R"({"offsetTable":{"t@g":{0:99999999999999999999}}})"}) {
    const auto read = progress_from_json(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code(), Errc::malformed);
  }
  EXPECT_FALSE(topics_from_json(R"({"topicConfigTable":{"t":1}})"));
  EXPECT_FALSE(groups_from_json(R"({"subscriptionGroupTable":[]})"));
}

TEST(Snapshots, EmptyTablesAreObjects) {
  EXPECT_NE(topics_to_json({}, {}).find("\"topicConfigTable\": {}"), std::string::npos);
  EXPECT_TRUE(progress_from_json(progress_to_json({}))->entries.empty());
  EXPECT_TRUE(topics_from_json("{}")->configs.empty());
}

}  // namespace
}  // namespace sluice::broker
