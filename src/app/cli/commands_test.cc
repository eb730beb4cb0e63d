// The verbs but consume, and what all of them have in common.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/cli/cli_fixture.h"
#include "base/numbers.h"
#include "base/settings.h"
#include "wire/record/properties.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::app {
namespace {

using namespace wire::remoting;
using client::Reply;
using client::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;
namespace record = wire::record;

TEST(Cli, SaysUsageErrorsOnStandardErrorWithStatusTwo) {
  const Outcome outcome = run({"topic", "create"});
  EXPECT_EQ(outcome.status, kExitUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("topic is required"));
}

TEST(Cli, HelpIsNotAnError) {
  const Outcome outcome = run({"consume", "--help"});
  EXPECT_EQ(outcome.status, kExitOk);
  EXPECT_THAT(outcome.out, HasSubstr("Examples:"));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("Exit status:"));
}

TEST(Cli, SaysWhoCannotBeReachedWithStatusThree) {
  TestServer server;
  const std::string gone = server.address();
  server.stop();
  const Outcome outcome = run({"topic", "list", "--namesrv", gone});
  EXPECT_EQ(outcome.status, kExitNotThere);
  EXPECT_THAT(outcome.err, HasSubstr(gone));
  EXPECT_THAT(outcome.err, HasSubstr("--namesrv"));
}

TEST_F(CliTest, CreatesATopicOnceAndChangesItWhenTold) {
  std::string queues, attributes;
  broker.on(PutTopic::kCode, [&](const Command& request) {
    const std::lock_guard lock(mutex);
    queues = request.ext.get("writeQueueNums");
    attributes = request.ext.get("attributes");
    return Reply{};
  });
  topic_exists = false;
  EXPECT_EQ(run_here({"topic", "create", "T", "-q", "3", "-a", "k=v"}).status, kExitOk);
  EXPECT_EQ(queues, "3");
  EXPECT_EQ(attributes, "+k=v");
  topic_exists = true;
  const Outcome again = run_here({"topic", "create", "T"});
  EXPECT_EQ(again.status, kExitFailed);
  EXPECT_THAT(again.err, HasSubstr("--update"));
  EXPECT_EQ(run_here({"topic", "create", "T", "--update", "-q", "5"}).status, kExitOk);
  EXPECT_EQ(queues, "5");
}

TEST_F(CliTest, ListsTopicsWithoutThoseOfTheBrokers) {
  names.on(GetAllTopicsFromNames::kCode,
           Reply{.body = R"({"topicList":["T","%RETRY%g","broker-a","TBW102"]})"});
  const auto json = nlohmann::json::parse(run_here({"topic", "list", "--json"}).out);
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0]["topic"], "T");
  EXPECT_EQ(json[0]["perm"], "rw");
  EXPECT_THAT(run_here({"topic", "list"}).out, HasSubstr("T      broker-a"));
}

TEST_F(CliTest, DescribesATopicAndSaysWhenThereIsNone) {
  broker.on(GetTopicStats::kCode,
            Reply{.body = R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"T"}:)"
                          R"({"lastUpdateTimestamp":5,"maxOffset":9,"minOffset":2}}})"});
  const auto json = nlohmann::json::parse(run_here({"topic", "describe", "T", "--json"}).out);
  EXPECT_EQ(json["queues"][0]["messages"], 7);
  EXPECT_THAT(run_here({"topic", "describe", "T"}).out, HasSubstr("7 messages in 1 queues"));
  const Outcome none = run_here({"topic", "describe", "None"});
  EXPECT_EQ(none.status, kExitNotThere);
  EXPECT_THAT(none.err, HasSubstr("topic list"));
}

TEST_F(CliTest, DeletesATopic) {
  broker.on(DeleteTopic::kCode, Reply{});
  names.on(DeleteTopicInNames::kCode, Reply{});
  EXPECT_EQ(run_here({"topic", "delete", "T", "--yes"}).status, kExitOk);
  EXPECT_EQ(broker.count(DeleteTopic::kCode), 1);
}

TEST_F(CliTest, SendsEachLineAsAMessage) {
  std::vector<std::string> bodies;
  std::string properties;
  broker.on(SendMessageV2::kCode, [&](const Command& request) {
    const std::lock_guard lock(mutex);
    bodies.emplace_back(as_text(request.body));
    properties = request.ext.get("i");
    return Reply{.fields = {{"msgId", "x"}, {"queueId", "0"}, {"queueOffset", "4"}}};
  });
  const Outcome outcome =
      run_here({"produce", "T", "-k", "key", "-t", "tag", "-p", "a=b", "--json"}, "one\n\ntwo");
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_THAT(bodies, ElementsAre("one", "two"));
  EXPECT_EQ(record::find_property(properties, "KEYS"), "key");
  EXPECT_EQ(record::find_property(properties, "a"), "b");
  EXPECT_THAT(outcome.out, HasSubstr(R"("offset":4)"));
}

TEST_F(CliTest, SaysWhichLineWasNotSent) {
  int count = 0;
  broker.on(SendMessageV2::kCode, [&](const Command&) {
    if (++count > 1) return Reply{.code = 13, .remark = "too large"};
    return Reply{.fields = {{"msgId", "x"}, {"queueId", "0"}, {"queueOffset", "4"}}};
  });
  const Outcome outcome = run_here({"produce", "T"}, "one\ntwo\nthree\n");
  EXPECT_EQ(outcome.status, kExitFailed);
  EXPECT_THAT(outcome.err, HasSubstr("line 2 was not sent, 1 before it were"));
}

TEST(Config, PrintsThePageAndTheTable) {
  EXPECT_EQ(run({"config", "--markdown"}).out, config_markdown());
  const auto json = nlohmann::json::parse(run({"config", "--json"}).out);
  EXPECT_EQ(json.size(), setting_rows().size());
  EXPECT_EQ(run({"config", "--json", "--markdown"}).status, kExitUsage);
}

TEST(Config, ChecksAFile) {
  const std::string path = testing::TempDir() + "sluice_config_" + std::to_string(getpid());
  std::ofstream(path) << "brokerName=other\n";
  const auto json =
      nlohmann::json::parse(run({"config", "--file", path, "--changed", "--json"}).out);
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0]["value"], "other");
  std::ofstream(path) << "listenPort=many\n";
  const Outcome wrong = run({"config", "--file", path});
  EXPECT_EQ(wrong.status, kExitUsage);
  EXPECT_THAT(wrong.err, HasSubstr("listenPort"));
  std::remove(path.c_str());
  EXPECT_EQ(run({"config", "--file", path}).status, kExitNotThere);
}

}  // namespace
}  // namespace sluice::app
