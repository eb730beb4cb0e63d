#include "broker/matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using testing::code_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kNow;
using testing::kSteady;
using testing::records_in;

struct TestLink : delivery::Link {
  void members_changed(std::string_view) override {}
};

class SqlPull : public testing::BrokerFixture {
 protected:
  explicit SqlPull(BrokerOptions options = {}) : BrokerFixture(options) {}
  void SetUp() override { make_topic("t"); }

  void send_with(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    const std::string properties = testing::properties_of(pairs);
    SendBatch batch(broker_);
    ASSERT_TRUE(batch.add({.topic = "t",
                           .default_topic = "TBW102",
                           .queue_id = 0,
                           .properties = properties,
                           .body = as_bytes("body")},
                          kNow));
    ASSERT_TRUE(batch.append());
  }
  PullQuery sql(std::string_view expression, std::int64_t offset = 0) {
    PullQuery q = query("t", offset, expression);
    q.expression_type = "SQL92";
    return q;
  }
  std::vector<std::int64_t> offsets(const PullQuery& q) {
    const auto result = pull(q);
    EXPECT_TRUE(result) << result.error().remark();
    std::vector<std::int64_t> offsets;
    if (!result) return offsets;
    for (const auto& record : records_in(*result)) offsets.push_back(record.placement.offset.value);
    return offsets;
  }
};

TEST_F(SqlPull, GivesTheMessagesWhosePropertiesMatch) {
  send_with({{"TAGS", "red"}, {"price", "10"}});
  send_with({{"price", "20"}, {"TAGS", "blue"}});
  send_with({{"price", "many"}});
  send_with({});
  send_with({{"price", "30"}});
  EXPECT_THAT(offsets(sql("price > 10")), ElementsAre(1, 4));
  EXPECT_THAT(offsets(sql("price IS NULL OR TAGS = 'red'")), ElementsAre(0, 3));
  EXPECT_THAT(offsets(sql("TRUE", 3)), ElementsAre(3, 4));
}

TEST_F(SqlPull, MembersOfOneGroupMayDiffer) {
  send_with({{"a", "1"}});
  send_with({{"a", "2"}});
  for (const char* wanted : {"1", "2"}) {
    const auto link = std::make_shared<TestLink>();
    delivery::Hello hello{.client_id = wanted, .group = "g"};
    hello.subscriptions.push_back(
        *broker_.parse_subscription("t", std::string("a = ") + wanted, "SQL92", 1));
    ASSERT_TRUE(broker_.consumer_hello(link, std::move(hello), kNow, kSteady));
    PullQuery q = query("t", 0, std::nullopt);
    q.link = link.get();
    EXPECT_THAT(offsets(q), ElementsAre(wanted[0] - '1'));
  }
}

TEST_F(SqlPull, PassesOverWhatDoesNotMatchAndMayBeParkedBehindIt) {
  for (int i = 0; i < 3; ++i) send_with({{"a", "1"}});
  const auto result = pull(sql("a = 2"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, PullStatus::not_found);
  EXPECT_EQ(result->next, QueueOffset(3));
}

TEST_F(SqlPull, ReadsALimitedNumberOfRecords) {
  for (int i = 0; i <= 2'048; ++i) send_with({{"a", "1"}});
  const auto result = pull(sql("a = 2"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, PullStatus::retry);
  EXPECT_EQ(result->next, QueueOffset(2'048));
}

// As with Apache's default, filterSupportRetry=false.
TEST_F(SqlPull, RetriedMessagesAreNotFilteredAgain) {
  ASSERT_TRUE(broker_.groups().put({.name = "g"}, kNow));
  make_topic("%RETRY%g", 1);
  send("%RETRY%g");
  PullQuery q = sql("a = 2");
  q.topic = "%RETRY%g";
  EXPECT_THAT(offsets(q), ElementsAre(0));
}

TEST_F(SqlPull, RefusesWhatIsNoSql) {
  const auto result = pull(sql("a > 'x'"));
  EXPECT_EQ(code_of(result), Errc::subscription_malformed);
  EXPECT_EQ(code_of(pull(sql("*"))), Errc::subscription_malformed);
}

class SqlSwitchedOff : public SqlPull {
 protected:
  SqlSwitchedOff() : SqlPull({.property_filter = false}) {}
};

TEST_F(SqlSwitchedOff, IsRefusedWithTheKeyThatAllowsIt) {
  const auto result = pull(sql("a = 2"));
  ASSERT_EQ(code_of(result), Errc::disabled);
  EXPECT_EQ(errc_row(Errc::disabled).remoting_code, 1);
  EXPECT_THAT(std::string(result.error().remark()), HasSubstr("enablePropertyFilter"));
  EXPECT_EQ(code_of(broker_.parse_subscription("t", "a = 2", "SQL92", 1)), Errc::disabled);
  EXPECT_TRUE(broker_.parse_subscription("t", "a || b", "TAG", 1));
}

}  // namespace
}  // namespace sluice::broker
