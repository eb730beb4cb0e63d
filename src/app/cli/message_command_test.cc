// `sluice message` as typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/cli/cli_fixture.h"
#include "base/numbers.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/find.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::app {
namespace {

using namespace wire::remoting;
using client::Reply;
using testing::HasSubstr;
using testing::Not;
namespace record = wire::record;

constexpr std::string_view kUnique = "7F0000010001AAAABBBB000000000001";

std::string record_of(std::string_view body, std::string_view keys, std::string_view unique) {
  std::string properties;
  record::append_property(properties, "KEYS", keys);
  record::append_property(properties, "TAGS", "red");
  record::append_property(properties, "UNIQ_KEY", unique);
  record::append_property(properties, "color", "blue");
  record::Message message{
      .topic = "T", .queue = QueueId(3), .body = as_bytes(body), .properties = properties};
  for (int i = 0; i < 4; ++i)
    message.born_host.address[static_cast<std::size_t>(i)] = std::byte(10);
  message.born_host.port = 77;
  const record::Placement placement{
      .offset = QueueOffset(9), .position = LogPosition(4096), .store_ms = 1000};
  return client::record_text(message, placement);
}

/// A broker whose index confuses the keys k1 and k2, as one with hashes does.
struct MessageTest : CliTest {
  std::map<std::string, std::string> asked;

  MessageTest() {
    names.on(GetAllTopicsFromNames::kCode, Reply{.body = R"({"topicList":["T","gone"]})"});
    broker.on(QueryMessage::kCode, [this](const Command& request) {
      const std::lock_guard lock(mutex);
      for (const ExtField& field : request.ext) asked[std::string(field.name)] = field.value;
      if (request.ext.get("key") == "none") return Reply{.code = 22, .remark = "none"};
      return Reply{.fields = {{"indexLastUpdateTimestamp", "1"}, {"indexLastUpdatePhyoffset", "1"}},
                   .body = record_of("one", "k1 x", kUnique) +
                           record_of(std::string("\xff\x01", 2), "k2", "other")};
    });
    broker.on(ViewMessage::kCode, [](const Command& request) {
      if (request.ext.get("offset") != "4096") return Reply{.code = 1, .remark = "nothing there"};
      return Reply{.body = record_of("by position", "k", "other")};
    });
  }
  std::string id_at(std::int64_t position) {
    record::Host host;
    host.address[0] = std::byte(127);
    host.address[3] = std::byte(1);
    const std::string address = broker.address();
    host.port =
        *parse_number<std::int32_t>(std::string_view(address).substr(address.find(':') + 1));
    return record::message_id(host, LogPosition(position));
  }
};

TEST_F(MessageTest, FindShowsWhatReallyHasTheKey) {
  const Outcome outcome = run_here({"message", "find", "T", "--key", "k1"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  for (const char* part :
       {"topic       T\n", "broker      broker-a\n", "queue       3\n", "offset      9\n",
        "born host   10.10.10.10:77\n", "tag         red\n", "keys        k1 x\n",
        "property    color=blue\n", "body        3 bytes\none\n", kUnique.data()}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
  EXPECT_THAT(outcome.out, Not(HasSubstr("k2")));
}

TEST_F(MessageTest, FindShowsABodyThatIsNoTextInHexadecimal) {
  const Outcome outcome = run_here({"message", "find", "T", "--key", "k2"});
  EXPECT_THAT(outcome.out, HasSubstr("body        2 bytes, in hexadecimal\nff 01\n"));
  const Outcome json = run_here({"message", "find", "T", "--key", "k2", "--json"});
  EXPECT_THAT(json.out, HasSubstr(R"("bodyBase64":"/wE=")"));
}

TEST_F(MessageTest, FindAsksForTheTimeRange) {
  ASSERT_EQ(run_here({"message", "find", "T", "--key", "k1", "--from", "2026-01-31T08:30:00Z",
                      "--to", "2026-01-31T08:30:01Z", "--count", "5"})
                .status,
            kExitOk);
  EXPECT_EQ(asked["beginTimestamp"], "1769848200000");
  EXPECT_EQ(asked["endTimestamp"], "1769848201000");
  EXPECT_EQ(asked["maxNum"], "5");
  const Outcome wrong = run_here({"message", "find", "T", "--key", "k1", "--to", "soon"});
  EXPECT_EQ(wrong.status, kExitUsage);
  EXPECT_THAT(wrong.err, HasSubstr("--to soon"));
}

TEST_F(MessageTest, FindSaysThatThereIsNone) {
  const Outcome outcome = run_here({"message", "find", "T", "--key", "none"});
  EXPECT_EQ(outcome.status, kExitNotThere);
  EXPECT_THAT(outcome.err, HasSubstr("no message with the key none"));
}

TEST_F(MessageTest, GetFindsAUniqueIdInAnyTopic) {
  const Outcome outcome = run_here({"message", "get", std::string(kUnique), "--json"});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\"body\":\"one\""));
  EXPECT_THAT(outcome.out, Not(HasSubstr("\"other\"")));
  EXPECT_EQ(asked["_UNIQUE_KEY_QUERY"], "true");
}

TEST_F(MessageTest, GetGoesWhereTheIdSays) {
  const Outcome outcome = run_here({"message", "get", id_at(4096)});
  EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("by position"));
  EXPECT_EQ(run_here({"message", "get", id_at(1)}).status, kExitNotThere);
  EXPECT_EQ(run_here({"message", "get", "rubbish"}).status, kExitNotThere);
}

}  // namespace
}  // namespace sluice::app
