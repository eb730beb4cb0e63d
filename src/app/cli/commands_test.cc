// The verbs, as typed, against servers that answer from a table.
#include "app/cli/commands.h"

#include <fstream>
#include <iostream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/settings.h"
#include "client/test_server.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/pull.h"
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

struct Outcome {
  int status = -1;
  std::string out, err;
};

/// Runs `sluice <words>` with this standard input.
Outcome run(std::vector<std::string> words, const std::string& input = {}) {
  CLI::App cli{"sluice"};
  int status = kExitOk;
  add_cli_commands(cli, status);
  std::vector<const char*> argv{"sluice"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  std::istringstream in(input);
  std::streambuf* const old = std::cin.rdbuf(in.rdbuf());
  std::cin.clear();
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.status = run_cli(cli, static_cast<int>(argv.size()), argv.data(), status);
  std::fflush(stdout);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  std::cin.rdbuf(old);
  return outcome;
}

struct CliTest : testing::Test {
  TestServer names, broker;
  bool topic_exists = true;
  std::mutex mutex;

  CliTest() {
    names.on(GetRoute::kCode, [this](const Command& request) {
      if (!topic_exists || request.ext.get("topic") != "T") {
        return Reply{.code = 17, .remark = "no route"};
      }
      return TestServer::route({{"broker-a", broker.address()}}, 1);
    });
    ClusterInfo info;
    info.brokers = {
        {.cluster = "c", .broker_name = "broker-a", .addresses = {{0, broker.address()}}}};
    info.clusters["c"] = {"broker-a"};
    Buffer body;
    info.encode(body);
    names.on(GetClusterInfo::kCode, Reply{.body = std::string(as_text(body.bytes()))});
  }

  Outcome run_here(std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"--namesrv", names.address()});
    return run(std::move(words), input);
  }
};

std::string record_of(std::int64_t offset, std::string_view body) {
  const record::Message message{.topic = "T", .body = as_bytes(body)};
  const record::Placement placement{.offset = QueueOffset(offset), .store_ms = 5};
  std::string out(static_cast<std::size_t>(*record::encoded_size(message, placement.store_host)),
                  '\0');
  record::encode(message, placement, record::body_crc(message.body),
                 std::as_writable_bytes(std::span(out)).data());
  return out;
}

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

/// A broker with one queue of `messages`, that answers pulls one message at a time.
void serve_queue(TestServer& broker, std::vector<std::string> messages) {
  const std::string end = std::to_string(messages.size());
  broker.on(GetMinOffset::kCode, Reply{.fields = {{"offset", "0"}}});
  broker.on(GetMaxOffset::kCode, Reply{.fields = {{"offset", end}}});
  broker.on(PullMessage::kCode, [messages](const Command& request) -> std::optional<Reply> {
    const auto offset = std::stoull(std::string(request.ext.get("queueOffset")));
    if (offset >= messages.size()) return std::nullopt;
    return Reply{.fields = {{"suggestWhichBrokerId", "0"},
                            {"nextBeginOffset", std::to_string(offset + 1)},
                            {"minOffset", "0"},
                            {"maxOffset", std::to_string(messages.size())}},
                 .body = record_of(static_cast<std::int64_t>(offset), messages[offset])};
  });
}

TEST_F(CliTest, ReadsWithoutAGroupAndStoresNothing) {
  serve_queue(broker, {"one", "two", "three"});
  const Outcome outcome =
      run_here({"consume", "T", "--from", "1", "--count", "2", "--format", "{offset}={body}"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out, "1=two\n2=three\n");
  EXPECT_EQ(broker.count(UpdateConsumerOffset::kCode), 0);
  EXPECT_EQ(broker.count(HeartBeat::kCode), 0);
}

TEST_F(CliTest, GoesOnWhereTheGroupIsAndCommits) {
  serve_queue(broker, {"one", "two", "three"});
  std::vector<std::string> committed;
  broker.on(QueryConsumerOffset::kCode, Reply{.fields = {{"offset", "1"}}});
  broker.on(GetConsumerList::kCode, Reply{.code = 1, .remark = "nobody"});
  broker.on(HeartBeat::kCode, Reply{});
  broker.on(UnregisterClient::kCode, Reply{});
  broker.on(UpdateConsumerOffset::kCode, [&](const Command& request) {
    const std::lock_guard lock(mutex);
    committed.emplace_back(request.ext.get("commitOffset"));
    return Reply{};
  });
  const Outcome outcome =
      run_here({"consume", "T", "--group", "g", "--from", "first", "--count", "2"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out, "two\nthree\n");
  EXPECT_THAT(committed, ElementsAre("2", "3"));
  EXPECT_EQ(broker.count(UnregisterClient::kCode), 1);
}

TEST_F(CliTest, CommitsWhereAGroupBegins) {
  serve_queue(broker, {"one", "two", "three"});
  std::string committed;
  broker.on(QueryConsumerOffset::kCode, Reply{.code = 22, .remark = "not found"});
  broker.on(GetConsumerList::kCode, Reply{.code = 1, .remark = "nobody"});
  broker.on(HeartBeat::kCode, Reply{});
  broker.on(UnregisterClient::kCode, Reply{});
  broker.on(UpdateConsumerOffset::kCode, [&](const Command& request) {
    const std::lock_guard lock(mutex);
    if (committed.empty()) committed = request.ext.get("commitOffset");
    return Reply{};
  });
  const Outcome outcome = run_here({"consume", "T", "--group", "g", "--from", "1", "--count", "1"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out, "two\n");
  EXPECT_EQ(committed, "1");
}

TEST_F(CliTest, RefusesAFormatOrPositionThatIsNoneBeforeConnecting) {
  EXPECT_EQ(run_here({"consume", "T", "--format", "{x}"}).status, kExitUsage);
  EXPECT_EQ(run_here({"consume", "T", "--from", "whenever"}).status, kExitUsage);
  EXPECT_EQ(names.count(GetRoute::kCode), 0);
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
