#include "broker/sending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/java_hash.h"
#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using ::testing::AllOf;
using testing::code_of;
using ::testing::HasSubstr;
using testing::kNow;
using testing::properties_of;
using testing::records_in;
using ::testing::SizeIs;
using wire::record::find_property;

class Send : public testing::BrokerFixture {
 protected:
  Send() : BrokerFixture({.max_message_bytes = 1000}) {}
  void SetUp() override { make_topic("t", 4); }

  SendQuery to(std::string_view topic, std::int32_t queue = 0) {
    SendQuery query;
    query.topic = topic;
    query.default_topic = "TBW102";
    query.queue_id = queue;
    query.properties = properties_;
    query.body = as_bytes("body");
    return query;
  }
  Result<SendBatch::Ticket> add(const SendQuery& query) { return batch_.add(query, kNow); }
  Result<SendBatch::Ticket> add_with(std::string_view name, std::string_view value) {
    properties_ = properties_of({{name, value}});
    return add(to("t"));
  }
  /// The only message of a queue, as a consumer gets it.
  wire::record::Decoded stored(std::string_view topic, std::int32_t queue = 0) {
    PullQuery q = query(topic, 0);
    q.queue_id = queue;
    pulled_ = pull(q);
    if (!pulled_ || pulled_->messages != 1) {
      ADD_FAILURE() << "not one message in " << topic;
      return {};
    }
    return records_in(*pulled_)[0];
  }

  std::string properties_ = properties_of({{"TAGS", "a"}, {"UNIQ_KEY", "id"}});
  SendBatch batch_{broker_};
  Result<PullResult> pulled_;
};

TEST_F(Send, OnlyAMessageWithWaitFalseIsAnsweredBeforeTheFlush) {
  EXPECT_FALSE(add_with("WAIT", "false")->wait);
  EXPECT_TRUE(add_with("TAGS", "a")->wait);
  const std::string hasty = properties_of({{"WAIT", "false"}}), patient = properties_of({});
  const std::vector<BatchItem> mixed = {{.properties = hasty}, {.properties = patient}};
  EXPECT_TRUE(batch_.add(to("t"), mixed, kNow)->wait) << "one that waits is enough";
  EXPECT_FALSE(batch_.add(to("t"), std::span(mixed).first(1), kNow)->wait);
}

TEST_F(Send, IsRefusedWhileTheDiskIsTooFull) {
  ASSERT_TRUE(add(to("t")));
  store_.refuses = true;
  EXPECT_EQ(batch_.append().error().code(), Errc::disk_full);
}

TEST_F(Send, StoresWhatTheClientSaid) {
  SendQuery query = to("t", 3);
  query.flag = 7;
  query.born_ms = 99;
  query.born_host.port = 1234;
  query.reconsume_times = 2;
  ASSERT_TRUE(add(query));
  EXPECT_FALSE(batch_.empty());
  ASSERT_TRUE(batch_.append());
  const auto record = stored("t", 3);
  EXPECT_EQ(record.message.topic, "t");
  EXPECT_EQ(record.message.queue, QueueId(3));
  EXPECT_EQ(record.message.flag, 7);
  EXPECT_EQ(record.message.born_ms, 99);
  EXPECT_EQ(record.message.born_host.port, 1234);
  EXPECT_EQ(record.message.reconsume_times, 2);
  EXPECT_EQ(as_text(record.message.body), "body");
  EXPECT_EQ(batch_.at(0).tags_code, java_hash("a"));
}

TEST_F(Send, AppendsTheBrokersProperties) {
  ASSERT_TRUE(add(to("t")));
  ASSERT_TRUE(batch_.append());
  const std::string properties(stored("t").message.properties);
  EXPECT_EQ(find_property(properties, "MSG_REGION"), "DefaultRegion");
  EXPECT_EQ(find_property(properties, "TRACE_ON"), "true");
  EXPECT_EQ(find_property(properties, "CLUSTER"), "DefaultCluster");
  EXPECT_EQ(find_property(properties, "UNIQ_KEY"), "id");
}

TEST_F(Send, GivesAMessageWithoutAnIdOne) {
  properties_ = properties_of({{"TAGS", "a"}});
  ASSERT_TRUE(add(to("t")));
  ASSERT_TRUE(batch_.append());
  const std::string properties(stored("t").message.properties);
  EXPECT_THAT(std::string(find_property(properties, "UNIQ_KEY")), SizeIs(32));
  EXPECT_EQ(find_property(properties, "TAGS"), "a");
  EXPECT_FALSE(find_property(batch_.at(0).message.properties, "UNIQ_KEY").empty());
}

TEST_F(Send, CollectsAWakeAndAppendsInOneGo) {
  ASSERT_TRUE(add(to("t", 0)));
  ASSERT_TRUE(add(to("t", 1)));
  const auto third = add(to("t", 0));
  ASSERT_TRUE(third);
  EXPECT_EQ(third->first, 2u);
  EXPECT_EQ(third->count, 1u);
  EXPECT_GT(batch_.bytes(), 0u);
  ASSERT_TRUE(batch_.append());
  EXPECT_THAT(batch_.queues(), SizeIs(2));
  EXPECT_EQ(batch_.at(2).offset, QueueOffset(1));
  batch_.clear();
  EXPECT_TRUE(batch_.empty());
  EXPECT_EQ(batch_.bytes(), 0u);
  EXPECT_EQ(broker_.traffic().put_messages, 3);
}

TEST_F(Send, SpreadsOverTheWriteQueuesWhenAskedTo) {
  std::set<std::int32_t> queues;
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(add(to("t", -1)));
  for (std::size_t i = 0; i < 4; ++i) queues.insert(batch_.at(i).message.queue.value);
  EXPECT_THAT(queues, SizeIs(4));
}

TEST_F(Send, RefusesAQueueBeyondTheTopicsAndSaysWhatItHas) {
  const auto taken = add(to("t", 4));
  ASSERT_EQ(code_of(taken), Errc::queue_out_of_range);
  EXPECT_THAT(std::string(taken.error().remark()), AllOf(HasSubstr("t"), HasSubstr("4")));
  EXPECT_TRUE(batch_.empty());
}

TEST_F(Send, RefusesBodiesAndPropertiesThatAreTooLong) {
  const std::string body(1001, 'x');
  SendQuery query = to("t");
  query.body = as_bytes(body);
  EXPECT_EQ(code_of(add(query)), Errc::message_too_large);
  query.body = as_bytes(body).first(1000);
  EXPECT_TRUE(add(query));
  EXPECT_EQ(code_of(add_with("K", std::string(32'768, 'v'))), Errc::message_illegal);
}

TEST_F(Send, RefusesByNameWhatItCannotKeepThePromiseOf) {
  EXPECT_TRUE(add_with("DELAY", "0"));
  EXPECT_TRUE(add_with("DELAY", "-1"));
  SendQuery prepared = to("t");
  prepared.sys_flag = wire::record::kTransactionPrepared;
  EXPECT_EQ(code_of(add(prepared)), Errc::unsupported);
  EXPECT_TRUE(add_with("TRAN_MSG", "false"));
}

TEST_F(Send, AnswersABatchUnderItsOwnIdWhereBatchesAreOne) {
  ASSERT_TRUE(broker_.topics().put({.name = "one"}, {{"+queue.type", "BatchCQ"}}, kNow));
  const BatchItem items[] = {{.body = as_bytes("a")}, {.body = as_bytes("b")}};
  for (const auto& [topic, id] : {std::pair{"t", ""}, std::pair{"one", "id"}}) {
    const auto ticket = batch_.add(to(topic), items, kNow);
    ASSERT_TRUE(ticket);
    EXPECT_EQ(ticket->batch_id, id);
    EXPECT_EQ(ticket->count, 2u);
  }
}

TEST_F(Send, ObeysPermissions) {
  make_topic("read_only", 1, kPermRead);
  EXPECT_EQ(code_of(add(to("read_only"))), Errc::not_permitted);
  EXPECT_EQ(code_of(add(to("SCHEDULE_TOPIC_XXXX"))), Errc::not_permitted);
  EXPECT_EQ(code_of(add(to("RMQ_SYS_TRANS_HALF_TOPIC"))), Errc::not_permitted);
}

TEST_F(Send, MakesATopicAfterTheDefaultOne) {
  SendQuery query = to("fresh");
  query.default_topic_queues = 4;
  ASSERT_TRUE(add(query));
  const auto config = broker_.topics().find("fresh")->config();
  EXPECT_EQ(config->write_queues, 4);
  EXPECT_EQ(config->read_queues, 4);
  EXPECT_EQ(config->perm, kPermRead | kPermWrite);
  EXPECT_EQ(code_of(add(to("bad name"))), Errc::invalid_name);
}

TEST_F(Send, MovesWhatWasRetriedTooOftenToTheDeadLetters) {
  ASSERT_TRUE(broker_.groups().put({.name = "g", .retry_max_times = 3}, kNow));
  SendQuery query = to("%RETRY%g");
  query.reconsume_times = 3;
  ASSERT_TRUE(add(query));
  query.reconsume_times = 4;
  ASSERT_TRUE(add(query));
  EXPECT_EQ(batch_.at(0).message.topic, "%RETRY%g");
  EXPECT_EQ(batch_.at(1).message.topic, "%DLQ%g");
  EXPECT_EQ(broker_.topics().find("%DLQ%g")->config()->write_queues, 1);
  EXPECT_EQ(broker_.topics().find("%RETRY%g")->config()->write_queues, 1);
  query.max_reconsume_times = 9;
  ASSERT_TRUE(add(query));
  EXPECT_EQ(batch_.at(2).message.topic, "%RETRY%g");
}

TEST_F(Send, ADeadLetterIsNotDelayedByItsLastRetry) {
  ASSERT_TRUE(broker_.groups().put({.name = "g", .retry_max_times = 3}, kNow));
  properties_ = properties_of({{"UNIQ_KEY", "id"}, {"DELAY", "7"}});
  SendQuery query = to("%RETRY%g");
  query.reconsume_times = 4;
  ASSERT_TRUE(add(query));
  ASSERT_TRUE(batch_.append());
  EXPECT_EQ(find_property(stored("%DLQ%g").message.properties, "DELAY"), "-1");
}

TEST_F(Send, LeavesTheBrokersPropertiesOfARetriedMessageAsTheyAre) {
  properties_ = properties_of({{"UNIQ_KEY", "id"}, {"CLUSTER", "c"}, {"MSG_REGION", "r"}});
  ASSERT_TRUE(add(to("t")));
  ASSERT_TRUE(batch_.append());
  EXPECT_EQ(stored("t").message.properties, properties_);
}

TEST_F(Send, ToARetryTopicNeedsTheGroup) {
  EXPECT_EQ(code_of(add(to("%RETRY%nobody"))), Errc::group_not_found);
}

TEST_F(Send, TakesABatchAsOneRequest) {
  const std::string a = properties_of({{"TAGS", "a"}, {"UNIQ_KEY", "1"}});
  const std::string b = properties_of({{"TAGS", "b"}, {"UNIQ_KEY", "2"}});
  const BatchItem items[] = {{1, a, as_bytes("x")}, {2, b, as_bytes("y")}};
  SendQuery query = to("t", -1);
  const auto ticket = batch_.add(query, items, kNow);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->count, 2u);
  EXPECT_EQ(batch_.at(0).message.queue, batch_.at(1).message.queue);
  EXPECT_EQ(batch_.at(1).message.flag, 2);
  EXPECT_EQ(batch_.at(1).tags_code, java_hash("b"));
}

TEST_F(Send, RefusesPropertiesThatWouldSeemTorn) {
  const std::string zeros(64, '\0');
  for (const std::string& value : {zeros, "a" + zeros + "b"}) {
    properties_ = properties_of({{"a", value}});
    EXPECT_EQ(code_of(add(to("t"))), Errc::message_illegal);
  }
  properties_ = std::string("a\1b\0", 4);
  EXPECT_EQ(code_of(add(to("t"))), Errc::message_illegal);
  properties_ = properties_of({{"a", zeros.substr(1)}});
  EXPECT_TRUE(add(to("t")));
}

TEST_F(Send, TakesNothingOfABatchWithOneBadMessage) {
  const std::string timed = properties_of({{"TIMER_DELAY_SEC", "soon"}});
  const BatchItem items[] = {{0, properties_, as_bytes("x")}, {0, timed, as_bytes("y")}};
  ASSERT_TRUE(add(to("t")));
  const std::size_t bytes = batch_.bytes();
  EXPECT_EQ(code_of(batch_.add(to("t"), items, kNow)), Errc::message_illegal);
  EXPECT_EQ(batch_.bytes(), bytes);
  ASSERT_TRUE(batch_.append());
  stored("t");
}

TEST_F(Send, RefusesBatchesThatNoClientMaySend) {
  const BatchItem items[] = {{0, properties_, as_bytes("x")}};
  ASSERT_TRUE(broker_.groups().find_or_create("g", kNow));
  EXPECT_EQ(code_of(batch_.add(to("%RETRY%g"), items, kNow)), Errc::message_illegal);
  EXPECT_EQ(code_of(batch_.add(to("t"), {}, kNow)), Errc::message_illegal);
  const std::string large(1001, 'x');
  SendQuery query = to("t");
  query.body = as_bytes(large);
  EXPECT_EQ(code_of(batch_.add(query, items, kNow)), Errc::message_too_large);
  const std::string timed = properties_of({{"TIMER_DELAY_SEC", "1"}});
  query = to("t");
  query.properties = timed;
  EXPECT_EQ(code_of(batch_.add(query, items, kNow)), Errc::unsupported);
}

TEST_F(Send, FailsAsAWholeWhenTheStoreDoes) {
  ASSERT_TRUE(add(to("t")));
  store_.fail_appends = true;
  EXPECT_EQ(code_of(batch_.append()), Errc::disk_full);
  EXPECT_EQ(broker_.traffic().put_failed, 1);
  EXPECT_EQ(broker_.traffic().put_messages, 0);
}

class SendWithoutAutoCreate : public testing::BrokerFixture {
 protected:
  SendWithoutAutoCreate() : BrokerFixture({.auto_create_topic = false}) {}
};

TEST_F(SendWithoutAutoCreate, NeedsItsTopic) {
  SendBatch batch(broker_);
  EXPECT_EQ(code_of(batch.add({.topic = "fresh", .default_topic = "TBW102"}, kNow)),
            Errc::topic_not_found);
  EXPECT_EQ(broker_.topics().find("TBW102"), nullptr);
}

}  // namespace
}  // namespace sluice::broker
