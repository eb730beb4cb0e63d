// `sluice consume` as typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli/cli_fixture.h"
#include "app/cli/consume.h"
#include "base/numbers.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/pull.h"

namespace sluice::app {
namespace {

using namespace wire::remoting;
using client::Reply;
using client::TestServer;
namespace record = wire::record;

std::string record_of(std::int64_t offset, std::string_view body) {
  const record::Message message{.topic = "T", .body = as_bytes(body)};
  const record::Placement placement{.offset = QueueOffset(offset), .store_ms = 5};
  return client::record_text(message, placement);
}

/// A broker with one queue of `messages`, that answers pulls one message at a time.
void serve_queue(TestServer& broker, std::vector<std::string> messages) {
  const std::string end = std::to_string(messages.size());
  broker.on(GetMinOffset::kCode, Reply{.fields = {{"offset", "0"}}});
  broker.on(GetMaxOffset::kCode, Reply{.fields = {{"offset", end}}});
  broker.on(PullMessage::kCode, [messages](const Command& request) -> std::optional<Reply> {
    const auto offset = parse_number<std::size_t>(request.ext.get("queueOffset")).value();
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
  // One or two commits: both messages may have been read by the first poll.
  ASSERT_FALSE(committed.empty());
  EXPECT_EQ(committed.back(), "3");
  EXPECT_EQ(broker.count(UnregisterClient::kCode), 1);
}

TEST_F(CliTest, CommitsWhereAGroupBegins) {
  serve_queue(broker, {"one", "two", "three"});
  std::string committed;
  broker.on(QueryConsumerOffset::kCode, Reply{.code = 22, .remark = "not found"});
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

TEST_F(CliTest, ReadsByNobodyElsesGroup) {
  serve_queue(broker, {"one"});
  broker.on(GetConsumerConnections::kCode,
            Reply{.body = R"({"connectionSet":[{"clientId":"10.0.0.1@5"}]})"});
  const Outcome outcome = run_here({"consume", "T", "--group", "g"});
  EXPECT_EQ(outcome.status, kExitFailed);
  EXPECT_THAT(outcome.err, testing::HasSubstr("10.0.0.1@5"));
  EXPECT_EQ(broker.count(HeartBeat::kCode), 0);
}

TEST_F(CliTest, AsksForWhatTagsOrSqlNameByWholeNames) {
  std::string asked;
  serve_queue(broker, {"one"});
  broker.on(PullMessage::kCode, [&](const Command& request) -> std::optional<Reply> {
    const std::lock_guard lock(mutex);
    asked = std::string(request.ext.get("topic")) + " " +
            std::string(request.ext.get("expressionType")) + " " +
            std::string(request.ext.get("subscription"));
    return Reply{.fields = {{"suggestWhichBrokerId", "0"},
                            {"nextBeginOffset", "1"},
                            {"minOffset", "0"},
                            {"maxOffset", "1"}},
                 .body = record_of(0, "one")};
  });
  known_topic = "north%T";
  const Outcome outcome = run_here({"consume", "T", "--namespace", "north", "--sql", "a > 1",
                                    "--from", "first", "--count", "1"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_EQ(asked, "north%T SQL92 a > 1");
}

TEST_F(CliTest, RefusesOptionsThatContradictEachOther) {
  const std::vector<std::vector<std::string>> wrong = {
      {"consume", "T", "--sql", "a", "--tags", "b"},
      {"consume", "T", "--mode", "broadcast", "--ordered"},
      {"consume", "T", "--model", "push", "-g", "g", "--from", "12"},
      {"consume", "T", "--access-key", "a"},
      {"consume", "T", "--tls-check", "none"},
      {"produce", "T", "--batch", "5", "--delay-level", "3"},
      {"produce", "T", "--transaction", "perhaps"},
      {"produce", "T", "--deliver-after", "soon"},
      {"produce", "T", "--delay-level", "19"}};
  for (const auto& words : wrong) {
    const Outcome outcome = run_here(words, "x\n");
    EXPECT_EQ(outcome.status, kExitUsage) << words[2];
    EXPECT_NE(outcome.err, "");
  }
  EXPECT_EQ(names.count(GetRoute::kCode), 0);
}

TEST(ConsumeModes, EachModelHasItsModesAndSaysWhichWhenAskedForAnother) {
  EXPECT_EQ(consume_way("pull", ""), ConsumeWay::read_alone);
  EXPECT_EQ(consume_way("push", ""), ConsumeWay::share_queues);
  EXPECT_EQ(consume_way("push", "failover"), ConsumeWay::lock_queues);
  EXPECT_EQ(consume_way("pop", ""), ConsumeWay::lease);
  EXPECT_EQ(consume_way("pop", "exclusive"), ConsumeWay::lease_in_order);
  const auto refused = consume_way("push", "key-shared");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::invalid_argument);
  EXPECT_THAT(std::string(refused.error().remark()),
              testing::HasSubstr("it has exclusive, failover, broadcast"));
}

TEST_F(CliTest, RefusesWaysToConsumeThatAreNone) {
  EXPECT_EQ(run_here({"consume", "T", "--model", "push", "--mode", "shared"}).status, kExitUsage);
  EXPECT_EQ(run_here({"consume", "T", "--model", "pop"}).status, kExitUsage) << "without a group";
}

TEST_F(CliTest, RefusesAFormatOrPositionThatIsNoneBeforeConnecting) {
  EXPECT_EQ(run_here({"consume", "T", "--format", "{x}"}).status, kExitUsage);
  EXPECT_EQ(run_here({"consume", "T", "--from", "whenever"}).status, kExitUsage);
  EXPECT_EQ(names.count(GetRoute::kCode), 0);
}

}  // namespace
}  // namespace sluice::app
