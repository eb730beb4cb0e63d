#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/cli/cli_fixture.h"
#include "app/cli/group_text.h"
#include "base/os/system_clock.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/pull.h"

namespace sluice::app {
namespace {

using namespace wire::remoting;
using client::Reply;
using testing::HasSubstr;

/// A group g with two members that differ, and progress in queue 0 of T.
struct GroupCommandTest : CliTest {
  GroupCommandTest() {
    broker.on(GetAllGroups::kCode,
              Reply{.body = R"({"subscriptionGroupTable":{"g":{},"idle":{}}})"});
    broker.on(GetConsumerConnections::kCode, [](const Command& request) {
      if (request.ext.get("consumerGroup") != "g") return Reply{.code = 206};
      return Reply{.body = R"({"connectionSet":[
        {"clientId":"a","clientAddr":"10.0.0.1:5","language":"JAVA","version":493,
         "subscriptions":{"T":"x"}},
        {"clientId":"b","clientAddr":"10.0.0.2:5","language":"GO","version":317,
         "subscriptions":{"T":"x || y"}}],
        "consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING"})"};
    });
    broker.on(GetConsumeStats::kCode,
              Reply{.body = R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:)"
                            R"({"brokerOffset":9,"consumerOffset":4,"lastTimestamp":1000}}})"});
    broker.on(GetRunningInfo::kCode, [](const Command& request) {
      if (request.ext.get("clientId") != "a") return Reply{.code = 1, .remark = "old client"};
      return Reply{.body = R"({"mqTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:)"
                           R"({"droped":false}},"subscriptionSet":[]})"};
    });
  }
};

TEST_F(GroupCommandTest, ListsGroupsWithTheirMembers) {
  const auto json = nlohmann::json::parse(run_here({"group", "list", "--json"}).out);
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0]["group"], "g");
  EXPECT_EQ(json[0]["online"], 2);
  EXPECT_EQ(json[1]["online"], 0);
}

TEST_F(GroupCommandTest, DescribesMembersProgressAndContradictions) {
  const auto json = nlohmann::json::parse(run_here({"group", "describe", "g", "--json"}).out);
  EXPECT_EQ(json["members"][0]["version"], "5.4.0");
  EXPECT_EQ(json["members"][1]["version"], "4.5.2");
  EXPECT_EQ(json["queues"][0]["owner"], "a");
  EXPECT_EQ(json["queues"][0]["lag"], 5);
  EXPECT_EQ(json["contradictions"][0]["topic"], "T");
  EXPECT_EQ(json["contradictions"][0]["filters"].size(), 2U);
  const Outcome text = run_here({"group", "describe", "g"});
  EXPECT_EQ(text.status, kExitOk) << text.err;
  EXPECT_THAT(text.out, HasSubstr("Members differ in topic T"));
  EXPECT_THAT(text.out,
              HasSubstr("5 messages behind in 1 queues, the oldest of them - seconds old"));
}

TEST_F(GroupCommandTest, TellsTheAgeOfTheOldestUnreadMessage) {
  const std::int64_t stored = unix_ms(SystemClock().wall()) - 90'000;
  broker.on(GetConsumeStats::kCode,
            Reply{.body = fmt::format(
                      R"({{"offsetTable":{{{{"brokerName":"broker-a","queueId":0,"topic":"T"}}:)"
                      R"({{"brokerOffset":9,"consumerOffset":4,"nextTimestamp":{}}}}}}})",
                      stored)});
  const auto json = nlohmann::json::parse(run_here({"group", "describe", "g", "--json"}).out);
  EXPECT_GE(json["queues"][0]["lagMs"], 90'000);
  EXPECT_LT(json["lagMs"], 150'000);
  EXPECT_EQ(broker.count(PullMessage::kCode), 0);
}

TEST_F(GroupCommandTest, LooksAtTheOldestUnreadMessageWhereTheBrokerDoesNotTellItsAge) {
  const std::int64_t stored = unix_ms(SystemClock().wall()) - 90'000;
  broker.on(PullMessage::kCode, [stored](const Command& request) {
    if (request.ext.get("queueOffset") == "4") {  // gone meanwhile
      return Reply{.code = 21,
                   .fields = {{"suggestWhichBrokerId", "0"},
                              {"nextBeginOffset", "7"},
                              {"minOffset", "7"},
                              {"maxOffset", "9"}}};
    }
    const wire::record::Message message{.topic = "T", .body = as_bytes(std::string_view("b"))};
    return Reply{.body =
                     client::record_text(message, {.offset = QueueOffset(7), .store_ms = stored})};
  });
  const auto json = nlohmann::json::parse(run_here({"group", "describe", "g", "--json"}).out);
  EXPECT_GE(json["queues"][0]["lagMs"], 90'000) << json;
  EXPECT_EQ(broker.count(PullMessage::kCode), 2);
}

TEST_F(GroupCommandTest, SaysWhenThereIsNoSuchGroup) {
  broker.on(GetConsumeStats::kCode, Reply{.body = R"({"offsetTable":{}})"});
  const Outcome outcome = run_here({"group", "describe", "nobody"});
  EXPECT_EQ(outcome.status, kExitNotThere);
  EXPECT_THAT(outcome.err, HasSubstr("nobody"));
}

TEST_F(GroupCommandTest, ResetsOnlyWithoutDryRun) {
  broker.on(QueryConsumerOffset::kCode, Reply{.fields = {{"offset", "4"}}});
  broker.on(GetMinOffset::kCode, Reply{.fields = {{"offset", "2"}}});
  std::string offset;
  broker.on(ResetOffset::kCode, [&](const Command& request) {
    const std::lock_guard lock(mutex);
    offset = request.ext.get("offset");
    return Reply{};
  });
  const Outcome dry = run_here({"group", "reset", "g", "--to", "first", "--dry-run"});
  EXPECT_EQ(dry.status, kExitOk) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("nothing changed"));
  EXPECT_EQ(broker.count(ResetOffset::kCode), 0);
  EXPECT_EQ(run_here({"group", "reset", "g", "--to", "first"}).status, kExitOk);
  EXPECT_EQ(offset, "2");
  const Outcome wrong = run_here({"group", "reset", "g", "--to", "yesterday"});
  EXPECT_EQ(wrong.status, kExitUsage);
  EXPECT_THAT(wrong.err, HasSubstr("--to yesterday"));
}

TEST_F(GroupCommandTest, DeletesWhenToldAndKnown) {
  broker.on(DeleteGroup::kCode, Reply{});
  EXPECT_EQ(run_here({"group", "delete", "nobody", "--yes"}).status, kExitNotThere);
  EXPECT_EQ(broker.count(DeleteGroup::kCode), 0);
  EXPECT_EQ(run_here({"group", "delete", "g", "--yes"}).status, kExitOk);
  EXPECT_EQ(broker.count(DeleteGroup::kCode), 1);
}

TEST(ClientVersion, FollowsRocketmqsNumbers) {
  EXPECT_EQ(client_version(333), "4.6.0");
  EXPECT_EQ(client_version(399), "4.9.3");
  EXPECT_EQ(client_version(413), "5.0.0");
  EXPECT_EQ(client_version(441), "5.1.4");
  EXPECT_EQ(client_version(611), "5.9.9");
  EXPECT_EQ(client_version(62), "62");
}

}  // namespace
}  // namespace sluice::app
