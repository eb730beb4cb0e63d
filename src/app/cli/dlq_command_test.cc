// `sluice dlq` as typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli/cli_fixture.h"
#include "app/cli/dead_letters.h"
#include "base/numbers.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/remoting/bodies/topic_table.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::app {
namespace {

using namespace wire::remoting;
using client::Reply;
using testing::ElementsAre;
using testing::HasSubstr;
namespace record = wire::record;

struct Letter {
  std::string_view body, tag, origin;
};

std::string record_of(std::int64_t offset, const Letter& letter) {
  std::string properties;
  const auto put = [&properties](std::string_view name, std::string_view value) {
    if (!value.empty()) record::append_property(properties, name, value);
  };
  put("UNIQ_KEY", "id-" + std::string(letter.body));
  put("TAGS", letter.tag);
  put("KEYS", "k1 k2");
  put("color", "blue");
  put("RETRY_TOPIC", letter.origin);
  put("DELAY", "0");
  put("REAL_TOPIC", "%RETRY%g");
  put("DLQ_REASON", "because");
  const record::Message message{.topic = "%DLQ%g",
                                .reconsume_times = 17,
                                .body = as_bytes(letter.body),
                                .properties = properties};
  const record::Placement placement{.offset = QueueOffset(offset), .store_ms = 5};
  return client::record_text(message, placement);
}

/// Group g has dead letters in one queue, topic T takes messages.
struct DlqTest : CliTest {
  std::vector<Letter> letters{{"one", "red", "T"}, {"two", "blue", "T"}, {"three", "red", ""}};
  std::string committed;          // by the reading group
  std::vector<std::string> sent;  // topic, body, properties

  DlqTest() {
    names.on(GetRoute::kCode, [this](const Command& request) {
      const std::string topic(request.ext.get("topic"));
      if (topic != "T" && topic != "%DLQ%g") return Reply{.code = 17, .remark = "no route"};
      return client::TestServer::route({{"broker-a", broker.address()}}, 1);
    });
    names.on(GetAllTopicsFromNames::kCode, Reply{.body = R"({"topicList":["T","%DLQ%g"]})"});
    broker.on(GetTopicStats::kCode, [this](const Command&) {
      return Reply{.body = R"({"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":)"
                           R"("%DLQ%g"}:{"lastUpdateTimestamp":5,"maxOffset":)" +
                           std::to_string(letters.size()) + R"(,"minOffset":0}}})"};
    });
    broker.on(QueryConsumerOffset::kCode, [this](const Command&) {
      const std::lock_guard lock(mutex);
      if (committed.empty()) return Reply{.code = 22, .remark = "none"};
      return Reply{.fields = {{"offset", committed}}};
    });
    broker.on(UpdateConsumerOffset::kCode, [this](const Command& request) {
      const std::lock_guard lock(mutex);
      committed = request.ext.get("commitOffset");
      return Reply{};
    });
    broker.on(PullMessage::kCode, [this](const Command& request) -> std::optional<Reply> {
      const auto offset = parse_number<std::size_t>(request.ext.get("queueOffset")).value();
      if (offset >= letters.size()) return std::nullopt;
      return Reply{.fields = {{"suggestWhichBrokerId", "0"},
                              {"nextBeginOffset", std::to_string(offset + 1)},
                              {"minOffset", "0"},
                              {"maxOffset", std::to_string(letters.size())}},
                   .body = record_of(static_cast<std::int64_t>(offset), letters[offset])};
    });
    broker.on(SendMessageV2::kCode, [this](const Command& request) {
      const std::lock_guard lock(mutex);
      sent.push_back(std::string(request.ext.get("b")) + ' ' + std::string(as_text(request.body)));
      properties_sent = request.ext.get("i");
      return Reply{.fields = {{"msgId", "x"}, {"queueId", "0"}, {"queueOffset", "9"}}};
    });
  }
  ~DlqTest() override { broker.stop(); }  // before what its answers are made of goes
  std::string properties_sent;
};

TEST_F(DlqTest, LsShowsGroupsWithDeadLettersAndWhatIsLeft) {
  committed = "1";
  const Outcome people = run_here({"dlq", "ls"});
  EXPECT_EQ(people.status, kExitOk) << people.err;
  EXPECT_THAT(people.out, HasSubstr("g"));
  EXPECT_EQ(run_here({"dlq", "ls", "--json"}).out,
            "[{\"group\":\"g\",\"topic\":\"%DLQ%g\",\"dead\":3,\"notSentOn\":2}]\n");
}

TEST_F(DlqTest, PeekShowsThemAndStoresNothing) {
  const Outcome outcome = run_here({"dlq", "peek", "g", "--filter", "blu"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("id-two"));
  EXPECT_THAT(outcome.out, HasSubstr("because"));
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("id-one")));
  const Outcome json = run_here({"dlq", "peek", "g", "--json", "--count", "1"});
  EXPECT_THAT(json.out, HasSubstr("\"body\":\"one\""));
  EXPECT_THAT(json.out, testing::Not(HasSubstr("\"two\"")));
  EXPECT_EQ(broker.count(UpdateConsumerOffset::kCode), 0);
}

TEST_F(DlqTest, RedriveSendsThemWhereTheyCameFromAndGoesOnBehindThem) {
  const Outcome outcome = run_here({"dlq", "redrive", "g", "--json", "--rate", "1000/s"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out,
            "{\"group\":\"g\",\"sent\":2,\"filtered\":0,\"withoutOrigin\":1,\"dryRun\":false}\n");
  EXPECT_THAT(sent, ElementsAre("T one", "T two"));
  EXPECT_EQ(committed, "3");
  EXPECT_EQ(record::find_property(properties_sent, "UNIQ_KEY"), "id-two");
  EXPECT_EQ(record::find_property(properties_sent, "TAGS"), "blue");
  EXPECT_EQ(record::find_property(properties_sent, "KEYS"), "k1 k2");
  EXPECT_EQ(record::find_property(properties_sent, "color"), "blue");
  for (const char* added : {"RETRY_TOPIC", "DELAY", "REAL_TOPIC", "DLQ_REASON"}) {
    EXPECT_EQ(record::find_property(properties_sent, added), "") << added;
  }
  EXPECT_THAT(run_here({"dlq", "redrive", "g"}).out, HasSubstr("sent 0 "));
  EXPECT_THAT(run_here({"dlq", "redrive", "g", "--again"}).out, HasSubstr("sent 2 "));
}

TEST_F(DlqTest, ADryRunAndAFilterRememberNothing) {
  const Outcome dry = run_here({"dlq", "redrive", "g", "--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("would send 2 "));
  EXPECT_TRUE(sent.empty());
  const Outcome some = run_here({"dlq", "redrive", "g", "--filter", "blue"});
  EXPECT_THAT(some.out, HasSubstr("sent 1 "));
  EXPECT_THAT(some.out, HasSubstr("2 did not match"));
  EXPECT_THAT(sent, ElementsAre("T two"));
  EXPECT_EQ(committed, "");
}

TEST_F(DlqTest, SaysWhatIsWrong) {
  const Outcome nobody = run_here({"dlq", "peek", "nobody"});
  EXPECT_EQ(nobody.status, kExitNotThere);
  EXPECT_THAT(nobody.err, HasSubstr("group nobody has no dead letters"));
  EXPECT_EQ(run_here({"dlq", "redrive", "g", "--rate", "fast"}).status, kExitUsage);
  EXPECT_EQ(run_here({"dlq"}).status, kExitUsage);
}

}  // namespace
}  // namespace sluice::app
