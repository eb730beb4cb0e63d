#include "broker/light_queues.h"

#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"
#include "wire/record/light_queues.h"

namespace sluice::broker {
namespace {

using namespace testing;

BrokerOptions options(std::int32_t most = 100) {
  BrokerOptions options;
  options.light_queues = options.light_dispatch = true;
  options.light_queues_max = most;
  return options;
}

class LightQueues : public BrokerFixture {
 protected:
  explicit LightQueues(BrokerOptions with = options()) : BrokerFixture(std::move(with)) {
    store_.store_ms = unix_ms(kNow);
    make_topic("t");
  }
  static std::string naming(std::string_view names, std::string_view more = {}) {
    return properties_of({{"INNER_MULTI_DISPATCH", names}, {"UNIQ_KEY", "id"}}) + std::string(more);
  }
  Result<SendBatch::Ticket> add(const std::string& properties, std::int32_t sys_flag = 0) {
    batch_.clear();
    return batch_.add({.topic = "t",
                       .default_topic = "TBW102",
                       .queue_id = 0,
                       .sys_flag = sys_flag,
                       .properties = properties,
                       .body = as_bytes("body")},
                      kNow);
  }
  void send(const std::string& properties, std::int32_t sys_flag = 0) {
    const auto taken = add(properties, sys_flag);
    ASSERT_TRUE(taken) << taken.error().remark();
    ASSERT_TRUE(batch_.append());
  }
  std::int32_t count(std::string_view topic) {
    const auto pulled = pull(query(topic, 0));
    EXPECT_TRUE(pulled) << pulled.error().remark();
    return pulled ? pulled->messages : -1;
  }
  SendBatch batch_{broker_};
};

TEST_F(LightQueues, GetWhatNamesThemAndWakeTheirReaders) {
  send(naming("%LMQ%a,%LMQ%b"));
  ASSERT_EQ(batch_.queues().size(), 3u);
  send(naming("%LMQ%b"));
  EXPECT_EQ(count("%LMQ%a"), 1);
  EXPECT_EQ(count("%LMQ%b"), 2);
  EXPECT_EQ(count("t"), 2);
  const auto pulled = pull(query("%LMQ%b", 1));
  ASSERT_TRUE(pulled);
  const auto found = records_in(*pulled).at(0).message;
  EXPECT_EQ(found.topic, "t");
  EXPECT_EQ(wire::record::find_property(found.properties, "INNER_MULTI_QUEUE_OFFSET"),
            "0000000000000000001");
}

class ManyLightQueues : public LightQueues {
 protected:
  ManyLightQueues() : LightQueues(options(1000)) {}
};

TEST_F(ManyLightQueues, OfAWakeAreNotListedAgainWithEachMessage) {
  std::vector<std::string> named;  // lives until the append
  for (int i = 0; i < 600; ++i) named.push_back(naming("%LMQ%" + std::to_string(i)));
  for (const std::string& properties : named) {
    ASSERT_TRUE(
        batch_.add({.topic = "t", .properties = properties, .body = as_bytes("body")}, kNow));
  }
  ASSERT_TRUE(batch_.append());
  EXPECT_GE(batch_.queues().size(), named.size());
  EXPECT_LE(batch_.queues().size(), 2 * named.size());
}

TEST_F(LightQueues, AreThereBeforeTheirFirstMessage) {
  const auto pulled = pull(query("%LMQ%early", 0));
  ASSERT_TRUE(pulled) << pulled.error().remark();
  EXPECT_EQ(pulled->status, PullStatus::not_found);
}

TEST_F(LightQueues, AreInNoList) {
  send(naming("%LMQ%a"));
  for (const auto& config : broker_.topics().configs()) {
    EXPECT_FALSE(config->name.starts_with("%LMQ%")) << config->name;
  }
  TopicConfig config{.name = "%LMQ%a"};
  EXPECT_TRUE(broker_.topics().put(config, kNow));
  EXPECT_EQ(broker_.topics().find("%LMQ%a")->read_queues(), 1);
}

TEST_F(LightQueues, GetADelayedMessageWhenItIsDue) {
  send(naming("%LMQ%a", properties_of({{"DELAY", "1"}})));
  EXPECT_EQ(count("%LMQ%a"), 0);
  const auto delivered = broker_.schedule().deliver(kNow + milliseconds(1000));
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->queues.size(), 2u);
  EXPECT_EQ(count("%LMQ%a"), 1);
}

TEST_F(LightQueues, GetATransactionsMessageWhenItIsCommitted) {
  send(naming("%LMQ%a", properties_of({{"TRAN_MSG", "true"}, {"PGROUP", "p"}})),
       wire::record::kTransactionPrepared);
  EXPECT_EQ(count("%LMQ%a"), 0);
  const auto ended = broker_.transactions().end({.group = "p",
                                                 .half = batch_.at(0).offset,
                                                 .position = batch_.at(0).position,
                                                 .decision = Transactions::Decision::commit},
                                                kNow);
  ASSERT_TRUE(ended) << ended.error().remark();
  EXPECT_EQ(ended->queues.size(), 2u);
  EXPECT_EQ(count("%LMQ%a"), 1);
}

TEST_F(LightQueues, BadNamesAreRefusedAlsoBeforeAMessageWaits) {
  for (const char* names : {"a", "%LMQ%", "%LMQ%a,b", "%LMQ%a,%LMQ%a", "%LMQ%a/../b", ","}) {
    EXPECT_EQ(code_of(add(naming(names))), Errc::message_illegal) << names;
    EXPECT_EQ(code_of(add(naming(names, properties_of({{"DELAY", "1"}})))), Errc::message_illegal);
  }
}

TEST_F(LightQueues, TooManyPropertiesAreRefusedBeforeAMessageWaits) {
  const std::string much = properties_of({{"k", std::string(31'600, 'v')}, {"DELAY", "1"}});
  EXPECT_EQ(code_of(add(naming("%LMQ%a,%LMQ%b,%LMQ%c", much))), Errc::message_illegal);
}

TEST_F(LightQueues, WhatAClientSaysOfItsOffsetsIsDropped) {
  send(properties_of({{"INNER_MULTI_QUEUE_OFFSET", "77"}, {"UNIQ_KEY", "id"}}));
  const auto pulled = pull(query("t", 0));
  ASSERT_TRUE(pulled);
  EXPECT_EQ(records_in(*pulled).at(0).message.properties.find("INNER_MULTI_QUEUE_OFFSET"),
            std::string_view::npos);
}

class FewLightQueues : public LightQueues {
 protected:
  FewLightQueues() : LightQueues(options(2)) {}
};

TEST_F(FewLightQueues, MoreThanThereMayBeAreRefused) {
  send(naming("%LMQ%a,%LMQ%b"));
  EXPECT_EQ(code_of(add(naming("%LMQ%c"))), Errc::busy);
  EXPECT_EQ(code_of(pull(query("%LMQ%c", 0))), Errc::topic_not_found);
  ASSERT_TRUE(broker_.remove_topic("%LMQ%a", kNow));
  send(naming("%LMQ%c"));
}

class NoLightQueues : public LightQueues {
 protected:
  NoLightQueues() : LightQueues(BrokerOptions{}) {}
};

TEST_F(NoLightQueues, ThePropertyIsAPropertyWhereTheyAreOff) {
  send(naming("whatever"));
  EXPECT_EQ(count("t"), 1);
  EXPECT_FALSE(broker_.topics().find("%LMQ%a"));
}

}  // namespace
}  // namespace sluice::broker
