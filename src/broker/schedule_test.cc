#include "broker/schedule.h"

#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using wire::record::find_property;

/// Level 1 waits 1 s, level 2 waits 5 s, level 3 waits 10 s.
class ScheduleTest : public BrokerFixture {
 protected:
  ScheduleTest() {
    store_.store_ms = unix_ms(kNow);
    make_topic("t", 2);
    EXPECT_TRUE(broker_.load(kNow));
  }

  Result<SendBatch::Ticket> add(SendBatch& batch, std::string_view properties,
                                std::string_view topic = "t", std::int32_t queue = 1) {
    return batch.add({.topic = topic,
                      .default_topic = "TBW102",
                      .queue_id = queue,
                      .flag = 3,
                      .born_ms = 77,
                      .properties = properties,
                      .body = as_bytes("body")},
                     from_unix_ms(store_.store_ms));
  }

  /// Sends a message with that level to queue 1.
  void send_delayed(std::string_view level, std::string_view id = "id",
                    std::string_view topic = "t") {
    const std::string properties =
        properties_of({{"DELAY", level}, {"TAGS", "red"}, {"UNIQ_KEY", id}});
    SendBatch batch(broker_);
    ASSERT_TRUE(add(batch, properties, topic));
    ASSERT_TRUE(batch.append());
  }

  Schedule::Delivered deliver(WallTime now) {
    store_.store_ms = unix_ms(now);
    auto delivered = broker_.schedule().deliver(now);
    EXPECT_TRUE(delivered) << delivered.error().remark();
    return delivered ? std::move(*delivered) : Schedule::Delivered{};
  }

  std::vector<std::string> ids_in(std::string_view topic, std::int32_t queue = 1) {
    std::vector<std::string> ids;
    for (const auto& found : all(topic, queue)) {
      ids.emplace_back(find_property(found.message.properties, "UNIQ_KEY"));
    }
    return ids;
  }
  std::vector<wire::record::Decoded> all(std::string_view topic, std::int32_t queue = 1) {
    const auto from = store_.queue(topic, QueueId(queue));
    std::vector<wire::record::Decoded> found;
    for (QueueOffset at; at < from->max(); at += 1) {
      const auto entry = entry_at(*from, at);
      const auto slice = store_.read(entry.position, entry.size);
      EXPECT_TRUE(slice);
      found.push_back(wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record);
    }
    return found;
  }
  static store::IndexEntry entry_at(const store::Queue& queue, QueueOffset at) {
    std::array<store::IndexEntry, 1> entry;
    EXPECT_EQ(queue.read(at, entry).value_or(0), 1u);
    return entry[0];
  }
};

TEST_F(ScheduleTest, ADelayedMessageWaitsInItsLevelsQueueWithItsDueTime) {
  send_delayed("2");
  EXPECT_TRUE(all("t").empty());
  const auto waiting = all("SCHEDULE_TOPIC_XXXX", 1);
  ASSERT_EQ(waiting.size(), 1u);
  const std::string_view properties = waiting[0].message.properties;
  EXPECT_EQ(find_property(properties, "REAL_TOPIC"), "t");
  EXPECT_EQ(find_property(properties, "REAL_QID"), "1");
  EXPECT_EQ(find_property(properties, "DELAY"), "2");
  const auto queue = store_.queue("SCHEDULE_TOPIC_XXXX", QueueId(1));
  EXPECT_EQ(entry_at(*queue, QueueOffset(0)).tags_code, unix_ms(kNow) + 5000);
}

TEST_F(ScheduleTest, RecoveryBuildsTheSameIndexEntries) {
  const auto code_of = index_code(DelayLevels(), 1s);
  send_delayed("3");
  send("t", "red");
  const auto waiting = store_.queue("SCHEDULE_TOPIC_XXXX", QueueId(2));
  EXPECT_EQ(code_of(all("SCHEDULE_TOPIC_XXXX", 2).at(0)),
            entry_at(*waiting, QueueOffset(0)).tags_code);
  EXPECT_EQ(code_of(all("t", 0).at(0)),
            entry_at(*store_.queue("t", QueueId(0)), QueueOffset(0)).tags_code);
}

TEST_F(ScheduleTest, TheAnswerNamesTheRealQueue) {
  const std::string properties = properties_of({{"DELAY", "1"}});
  SendBatch batch(broker_);
  const auto ticket = add(batch, properties);
  ASSERT_TRUE(ticket);
  EXPECT_EQ(ticket->queue, QueueId(1));
  ASSERT_TRUE(batch.append());
  EXPECT_TRUE(batch.queues().empty());
}

TEST_F(ScheduleTest, ALevelThatIsTooHighIsTheLast) {
  send_delayed("99");
  const auto waiting = all("SCHEDULE_TOPIC_XXXX", 17);
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(find_property(waiting[0].message.properties, "DELAY"), "18");
}

TEST_F(ScheduleTest, DeliversNotBeforeItsTimeAndThenTheSameMessage) {
  send_delayed("1");
  EXPECT_EQ(broker_.schedule().next_due(kNow), kNow + 1s);
  EXPECT_EQ(deliver(kNow + 999ms).count, 0u);
  const auto delivered = deliver(kNow + 1s);
  EXPECT_EQ(delivered.count, 1u);
  ASSERT_EQ(delivered.queues.size(), 1u);
  EXPECT_EQ(delivered.queues[0]->index->topic(), "t");
  const auto found = all("t");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message.flag, 3);
  EXPECT_EQ(found[0].message.born_ms, 77);
  EXPECT_EQ(found[0].message.queue, QueueId(1));
  EXPECT_EQ(as_text(found[0].message.body), "body");
  EXPECT_EQ(found[0].message.properties, all("SCHEDULE_TOPIC_XXXX", 0).at(0).message.properties);
  EXPECT_EQ(found[0].placement.store_ms, unix_ms(kNow + 1s));
  EXPECT_EQ(entry_at(*store_.queue("t", QueueId(1)), QueueOffset(0)).tags_code,
            wire::record::tags_code("red"));
  EXPECT_EQ(deliver(kNow + 2s).count, 0u);
  EXPECT_EQ(broker_.schedule().next_due(kNow + 2s), std::nullopt);
}

TEST_F(ScheduleTest, TellsWhenAMessageIsDueSoonerThanExpected) {
  int told = 0;
  broker_.schedule().on_sooner([&told] { ++told; });
  EXPECT_EQ(broker_.schedule().next_due(kNow), std::nullopt);
  send_delayed("2");
  EXPECT_EQ(told, 1);
  EXPECT_EQ(broker_.schedule().next_due(kNow), kNow + 5s);
  send_delayed("3");
  send_delayed("2");
  EXPECT_EQ(told, 1);
  send_delayed("1");
  EXPECT_EQ(told, 2);
}

TEST_F(ScheduleTest, AFailedAppendForgetsNothing) {
  send_delayed("1");
  store_.fail_appends = true;
  EXPECT_FALSE(broker_.schedule().deliver(kNow + 1s));
  store_.fail_appends = false;
  EXPECT_EQ(deliver(kNow + 1s).count, 1u);
}

TEST_F(ScheduleTest, DeliversManyInBatches) {
  for (int i = 0; i < 2500; ++i) send_delayed("1", std::to_string(i));
  std::size_t count = 0;
  int batches = 0;
  for (bool more = true; more; ++batches) {
    const auto delivered = deliver(kNow + 1s);
    count += delivered.count;
    more = delivered.more;
  }
  EXPECT_EQ(count, 2500u);
  EXPECT_EQ(batches, 3);
  const auto ids = ids_in("t");
  ASSERT_EQ(ids.size(), 2500u);
  EXPECT_EQ(ids.front(), "0");
  EXPECT_EQ(ids.back(), "2499");
}

TEST_F(ScheduleTest, WritesProgressDownOnlyWhenTheDeliveriesAreFlushed) {
  send_delayed("1");
  store_.unflushed = 1;
  deliver(kNow + 1s);
  EXPECT_TRUE(broker_.schedule().snapshot().offsets.empty());
  store_.unflushed = 0;
  EXPECT_EQ(broker_.schedule().snapshot().offsets, (Schedule::Offsets{{1, 1}}));
}

TEST_F(ScheduleTest, AfterACrashNothingComesTwiceAndNothingIsLost) {
  for (const char* id : {"a", "b", "c"}) send_delayed("1", id);
  send_delayed("2", "later");
  deliver(kNow + 1s);
  send("t", "red");  // others write to the topic meanwhile
  for (const char* id : {"d", "e"}) send_delayed("1", id);
  // Killed: the process that follows knows the store, but no snapshot.
  Broker second(store_, disk_, "config", {});
  ASSERT_TRUE(second.load(kNow + 10s));
  store_.store_ms = unix_ms(kNow + 10s);
  const auto delivered = second.schedule().deliver(kNow + 10s);
  ASSERT_TRUE(delivered) << delivered.error().remark();
  EXPECT_EQ(delivered->count, 3u);
  EXPECT_EQ(ids_in("t"), (std::vector<std::string>{"a", "b", "c", "d", "e", "later"}));
}

TEST_F(ScheduleTest, GoesOnFromTheSnapshot) {
  send_delayed("1", "a");
  deliver(kNow + 1s);
  ASSERT_TRUE(broker_.persist_schedule());
  send_delayed("1", "b");
  Broker second(store_, disk_, "config", {});
  ASSERT_TRUE(second.load(kNow + 1s));
  EXPECT_EQ(second.schedule().snapshot().offsets, (Schedule::Offsets{{1, 1}}));
  ASSERT_TRUE(second.schedule().deliver(kNow + 2s));
  EXPECT_EQ(ids_in("t"), (std::vector<std::string>{"a", "b"}));
}

TEST_F(ScheduleTest, MakesATopicThatACrashForgot) {
  send_delayed("1", "a");
  store::testing::MemoryDisk other_disk;
  Broker second(store_, other_disk, "config", {});
  ASSERT_TRUE(second.load(kNow));
  ASSERT_EQ(second.topics().find("t"), nullptr);
  ASSERT_TRUE(second.schedule().deliver(kNow + 1s));
  EXPECT_EQ(second.topics().find("t")->config()->read_queues, 2);
  EXPECT_EQ(ids_in("t"), (std::vector<std::string>{"a"}));
}

TEST_F(ScheduleTest, AForgottenTopicGetsTheQueuesItHad) {
  SendBatch batch(broker_);
  make_topic("t", 4);
  const std::string properties = properties_of({{"DELAY", "1"}});
  for (int queue : {0, 3, 1}) {
    ASSERT_TRUE(add(batch, properties, "t", queue));
  }
  ASSERT_TRUE(batch.append());
  store::testing::MemoryDisk other_disk;
  Broker second(store_, other_disk, "config", {});
  ASSERT_TRUE(second.load(kNow));
  ASSERT_TRUE(second.schedule().deliver(kNow + 1s));
  EXPECT_EQ(second.topics().find("t")->config()->read_queues, 4);
  EXPECT_EQ(all("t", 0).size(), 1u);
  EXPECT_EQ(all("t", 1).size(), 1u);
  EXPECT_EQ(all("t", 3).size(), 1u);
}

TEST_F(ScheduleTest, FindsDeliveriesThatWentToAnotherQueueThanAskedFor) {
  send_delayed("1", "a");
  make_topic("t", 1);  // it had two
  store_.store_ms = unix_ms(kNow + 1s);
  deliver(kNow + 1s);
  EXPECT_EQ(ids_in("t", 0), (std::vector<std::string>{"a"}));
  Broker second(store_, disk_, "config", {});
  ASSERT_TRUE(second.load(kNow + 2s));
  const auto delivered = second.schedule().deliver(kNow + 2s);
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->count, 0u);
}

TEST_F(ScheduleTest, ServesLevelsThatTheSettingsNoLongerHave) {
  send_delayed("3", "a");
  BrokerOptions options;
  options.delay_levels = *DelayLevels::parse("1s 2s");
  Broker second(store_, disk_, "config", options);
  ASSERT_TRUE(second.load(kNow));
  const auto delivered = second.schedule().deliver(kNow + 10s);
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->count, 1u);
}

TEST_F(ScheduleTest, DoesNotWaitForAClockThatWentBack) {
  send_delayed("1", "a");
  EXPECT_EQ(deliver(kNow - 10s).count, 0u);  // a small step: never early
  EXPECT_EQ(deliver(kNow - 1h).count, 1u);
}

TEST_F(ScheduleTest, GoesOnWithWhatTheLogStillHas) {
  for (const char* id : {"a", "b"}) send_delayed("1", id);
  store_.drop_below("SCHEDULE_TOPIC_XXXX", QueueId(0), QueueOffset(1));
  EXPECT_EQ(broker_.schedule().next_due(kNow), kNow + 1s);
  EXPECT_EQ(deliver(kNow + 1s).count, 1u);
}

TEST_F(ScheduleTest, RetriesOfOneMessageDoNotPileUpProperties) {
  const std::string before =
      properties_of({{"DELAY", "3"}, {"REAL_TOPIC", "old"}, {"REAL_QID", "7"}, {"UNIQ_KEY", "id"}});
  SendBatch batch(broker_);
  ASSERT_TRUE(add(batch, before));
  ASSERT_TRUE(batch.append());
  const auto waiting = all("SCHEDULE_TOPIC_XXXX", 2).at(0);
  const std::string text(waiting.message.properties);
  EXPECT_EQ(text.find("REAL_TOPIC"), text.rfind("REAL_TOPIC"));
  EXPECT_EQ(find_property(text, "REAL_TOPIC"), "t");
}

}  // namespace
}  // namespace sluice::broker
