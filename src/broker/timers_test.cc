#include "broker/timers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::record::find_property;
using Recalled = Timers::Recalled;

class TimersTest : public BrokerFixture {
 protected:
  TimersTest() {
    store_.store_ms = unix_ms(kNow);
    make_topic("t", 2);
    EXPECT_TRUE(broker_.load(kNow));
  }

  static Result<RecallHandle> try_send(Broker& broker, std::string_view id, std::string_view name,
                                       std::string_view value, WallTime now = kNow) {
    const std::string properties =
        properties_of({{"TAGS", "red"}, {"UNIQ_KEY", id}, {name, value}});
    SendBatch batch(broker);
    SLUICE_CHECK(batch.add(
        {.topic = "t", .queue_id = 1, .properties = properties, .body = as_bytes("body")}, now));
    SLUICE_CHECK(batch.append());
    return RecallHandle{.topic = "t",
                        .broker = "broker-a",
                        .due_ms = batch.at(0).tags_code,
                        .unique_key = std::string(id),
                        .position = batch.at(0).position};
  }
  RecallHandle send_timed(std::string_view id, milliseconds ahead, WallTime now = kNow) {
    auto sent =
        try_send(broker_, id, "TIMER_DELIVER_MS", std::to_string(unix_ms(now + ahead)), now);
    EXPECT_TRUE(sent) << sent.error().remark();
    return sent.value_or(RecallHandle{});
  }
  Delivered deliver(Broker& broker, WallTime now) {
    store_.store_ms = unix_ms(now);
    auto delivered = broker.timers().deliver(now);
    EXPECT_TRUE(delivered) << delivered.error().remark();
    return delivered ? std::move(*delivered) : Delivered{};
  }
  Delivered deliver(WallTime now) { return deliver(broker_, now); }
  std::vector<wire::record::Decoded> all(std::string_view topic, std::int32_t queue = 1) {
    const auto from = store_.queue(topic, QueueId(queue));
    std::vector<wire::record::Decoded> found;
    for (QueueOffset at = from->min(); at < from->max(); at += 1) {
      std::array<store::IndexEntry, 1> entry;
      EXPECT_EQ(from->read(at, entry).value_or(0), 1u);
      const auto slice = store_.read(entry[0].position, entry[0].size);
      if (slice)
        found.push_back(wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record);
    }
    return found;
  }
  std::vector<std::string> delivered_ids() {
    std::vector<std::string> ids;
    for (const auto& found : all("t")) {
      ids.emplace_back(find_property(found.message.properties, "UNIQ_KEY"));
    }
    return ids;
  }
  Recalled recall(const RecallHandle& handle, WallTime now = kNow) {
    const auto done = broker_.timers().recall(handle, now);
    EXPECT_TRUE(done) << done.error().remark();
    return done ? done->what : Recalled::busy;
  }
  std::unique_ptr<Broker> restart(WallTime now) {
    auto again = std::make_unique<Broker>(store_, disk_, "config", BrokerOptions{});
    const auto loaded = again->load(now);
    EXPECT_TRUE(loaded) << loaded.error().remark();
    return again;
  }
};

TEST_F(TimersTest, AMessageWaitsInApachesFormAndComesAtItsMillisecond) {
  send_timed("a", 12'345ms);
  EXPECT_TRUE(all("t").empty());
  const auto waiting = all(kTimerTopic, 0);
  ASSERT_EQ(waiting.size(), 1u);
  const auto property = [&](std::string_view name) {
    return find_property(waiting[0].message.properties, name);
  };
  EXPECT_EQ(property("TIMER_OUT_MS"), std::to_string(unix_ms(kNow) + 12'344));
  EXPECT_EQ(property("REAL_TOPIC"), "t");
  EXPECT_EQ(property("REAL_QID"), "1");
  EXPECT_EQ(broker_.timers().next_due(kNow), kNow + 12'345ms);
  EXPECT_EQ(deliver(kNow + 12'344ms).count, 0u);
  const auto delivered = deliver(kNow + 12'345ms);
  EXPECT_EQ(delivered.count, 1u);
  ASSERT_EQ(delivered.queues.size(), 1u);
  EXPECT_THAT(delivered_ids(), ElementsAre("a"));
  EXPECT_EQ(as_text(all("t")[0].message.body), "body");
  EXPECT_EQ(broker_.timers().next_due(kNow + 1h), std::nullopt);
}

TEST_F(TimersTest, EachPropertyMeansATimeAndTheFirstOfThemCounts) {
  ASSERT_TRUE(try_send(broker_, "sec", "TIMER_DELAY_SEC", "2"));
  ASSERT_TRUE(try_send(broker_, "ms", "TIMER_DELAY_MS", "1500"));
  const std::string both = properties_of({{"TIMER_DELAY_MS", "1700"}, {"TIMER_DELIVER_MS", "9"}});
  SendBatch batch(broker_);
  ASSERT_TRUE(batch.add({.topic = "t", .queue_id = 1, .properties = both}, kNow));
  ASSERT_TRUE(batch.append());
  deliver(kNow + 1499ms);
  EXPECT_THAT(delivered_ids(), IsEmpty());
  deliver(kNow + 1699ms);
  EXPECT_THAT(delivered_ids(), ElementsAre("ms"));
  EXPECT_EQ(deliver(kNow + 1999ms).count, 1u);
  EXPECT_EQ(deliver(kNow + 2000ms).count, 1u);
}

TEST_F(TimersTest, ATimeThatHasComeIsNoReasonToWait) {
  for (const auto& [name, value] :
       {std::pair{"TIMER_DELIVER_MS", "1"}, {"TIMER_DELAY_SEC", "0"}, {"TIMER_DELAY_MS", "-5"}}) {
    ASSERT_TRUE(try_send(broker_, name, name, value));
  }
  EXPECT_EQ(all("t").size(), 3u);
}

TEST_F(TimersTest, RefusesTimesThatAreNoneOrTooFar) {
  EXPECT_TRUE(try_send(broker_, "x", "TIMER_DELAY_SEC", "315360000"));
  for (const auto& [name, value] : {std::pair{"TIMER_DELAY_SEC", "315360001"},
                                    {"TIMER_DELAY_MS", "soon"},
                                    {"TIMER_DELIVER_MS", "99999999999999999999"},
                                    {"TIMER_DELAY_SEC", "9223372036854775807"}}) {
    const auto sent = try_send(broker_, "x", name, value);
    EXPECT_EQ(code_of(sent), Errc::message_illegal) << value;
    EXPECT_THAT(std::string(sent.error().remark()), HasSubstr(name));
  }
}

TEST_F(TimersTest, DeliversInTheOrderOfTheTimes) {
  for (const int at : {5, 3, 9, 1, 7, 3}) send_timed(std::to_string(at), milliseconds(at));
  EXPECT_EQ(deliver(kNow + 7ms).count, 5u);
  EXPECT_THAT(delivered_ids(), ElementsAre("1", "3", "3", "5", "7"));
}

TEST_F(TimersTest, AClockThatWasSetBackDeliversNothingEarly) {
  send_timed("a", 1000ms);
  deliver(kNow + 1000ms);
  const WallTime back = kNow - 1h;
  store_.store_ms = unix_ms(back);
  send_timed("b", 500ms, back);
  EXPECT_EQ(deliver(back + 499ms).count, 0u);
  EXPECT_EQ(deliver(back + 500ms).count, 1u);
  EXPECT_THAT(delivered_ids(), ElementsAre("a", "b"));
  const auto again = restart(back + 1s);
  EXPECT_EQ(deliver(*again, kNow + 2h).count, 0u);
}

TEST_F(TimersTest, TellsWhenAMessageIsDueSoonerThanExpected) {
  int told = 0;
  broker_.timers().on_sooner([&told] { ++told; });
  EXPECT_EQ(broker_.timers().next_due(kNow), std::nullopt);
  send_timed("a", 5s);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(broker_.timers().next_due(kNow), kNow + 5s);
  send_timed("b", 6s);
  EXPECT_EQ(told, 1);
  send_timed("c", 1s);
  EXPECT_EQ(told, 2);
}

TEST_F(TimersTest, AFailedAppendForgetsNothing) {
  send_timed("a", 1s);
  store_.fail_appends = true;
  EXPECT_FALSE(broker_.timers().deliver(kNow + 1s));
  store_.fail_appends = false;
  EXPECT_EQ(deliver(kNow + 1s).count, 1u);
}

class KilledWhileDelivering : public TimersTest, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Everywhere, KilledWhileDelivering, ::testing::Range(0, 7));

TEST_P(KilledWhileDelivering, TheRestComesOnceAfterwards) {
  for (int i = 0; i < 5; ++i) send_timed(std::to_string(i), 10ms);
  store_.records_left = GetParam();  // of the mark and five messages
  (void)broker_.timers().deliver(kNow + 10ms);
  store_.records_left = std::numeric_limits<std::int64_t>::max();
  for (int start = 0; start < 3; ++start) {
    const auto again = restart(kNow + 20ms);
    deliver(*again, kNow + 20ms);
    if (start == 1) ASSERT_TRUE(again->timers().upkeep(kSteady, true));
    EXPECT_THAT(delivered_ids(), ElementsAre("0", "1", "2", "3", "4"));
  }
}

TEST_F(TimersTest, TakesBackWhatWaits) {
  const auto handle = send_timed("a", 10s);
  send_timed("b", 10s);
  EXPECT_EQ(recall(handle), Recalled::now);
  EXPECT_EQ(recall(handle), Recalled::before);
  deliver(kNow + 10s);
  EXPECT_THAT(delivered_ids(), ElementsAre("b"));
  EXPECT_EQ(recall(handle), Recalled::before);
  const auto again = restart(kNow + 10s);
  EXPECT_EQ(deliver(*again, kNow + 20s).count, 0u);
}

TEST_F(TimersTest, TellsExactlyWhyARecallCannotBeDone) {
  auto handle = send_timed("a", 10s);
  handle.unique_key = "other";
  EXPECT_EQ(recall(handle), Recalled::unknown);
  handle.unique_key = "a";
  deliver(kNow + 10s);
  EXPECT_EQ(recall(handle), Recalled::delivered);
}

TEST_F(TimersTest, AFailedRecallLeavesTheMessageWaiting) {
  const auto handle = send_timed("a", 10s);
  store_.fail_appends = true;
  EXPECT_FALSE(broker_.timers().recall(handle, kNow));
  store_.fail_appends = false;
  deliver(kNow + 10s);
  EXPECT_THAT(delivered_ids(), ElementsAre("a"));
}

TEST_F(TimersTest, FindsAMessageByItsKeyWhenTheHandleHasNoPosition) {
  auto handle = send_timed("a", 10s);
  handle.position.reset();
  EXPECT_EQ(recall(handle), Recalled::now);
}

TEST_F(TimersTest, WhatWaitsOutlivesTheSegmentItLaysIn) {
  const auto handle = send_timed("a", 10h);
  send_timed("b", 11h);
  const LogPosition end = store_.end();
  ASSERT_TRUE(broker_.timers().waits_below(end));
  const auto moved = broker_.timers().move_above(end);
  ASSERT_TRUE(moved) << moved.error().remark();
  EXPECT_GT(*moved, 0);
  EXPECT_FALSE(broker_.timers().waits_below(end));
  store_.drop_below(kTimerTopic, QueueId(0), QueueOffset(2));
  EXPECT_EQ(recall(handle), Recalled::now);
  const auto again = restart(kNow);
  EXPECT_EQ(deliver(*again, kNow + 12h).count, 1u);
  EXPECT_THAT(delivered_ids(), ElementsAre("b"));
  EXPECT_EQ(deliver(kNow + 12h).count, 1u);  // the first broker knows the same
}

TEST_F(TimersTest, AStartReadsOnWhereTheIndexEnds) {
  send_timed("a", 1h);
  send_timed("b", 2h);
  ASSERT_TRUE(broker_.timers().upkeep(kSteady, true));
  send_timed("c", 90min);
  store_.reads = 0;
  const auto again = restart(kNow);
  EXPECT_EQ(again->timers().waiting(), 3);
  deliver(*again, kNow + 3h);
  EXPECT_THAT(delivered_ids(), ElementsAre("a", "c", "b"));
}

TEST_F(TimersTest, ADamagedIndexIsMadeAgainFromTheLog) {
  send_timed("a", 1h);
  ASSERT_TRUE(broker_.timers().upkeep(kSteady, true));
  disk_.flip_byte("config/timers/00000000000000000001.due", 30);
  const auto again = restart(kNow);
  (void)again->timers().deliver(kNow + 2h);
  ASSERT_TRUE(again->timers().upkeep(kSteady + 1s, true));
  deliver(*again, kNow + 2h);
  EXPECT_THAT(delivered_ids(), ElementsAre("a"));
}

TEST_F(TimersTest, ListsWhatWaits) {
  send_timed("b", 2h);
  const auto first = send_timed("a", 1h);
  broker_.timers().next_due(kNow);
  const auto page = broker_.timers().list({}, "t", 1);
  ASSERT_TRUE(page && page->messages.size() == 1 && page->next);
  EXPECT_EQ(page->messages[0].unique_key, "a");
  EXPECT_EQ(page->messages[0].key.due_ms, first.due_ms);
  const auto rest = broker_.timers().list(*page->next, "", 10);
  ASSERT_TRUE(rest && rest->messages.size() == 1);
  EXPECT_FALSE(rest->next);
  EXPECT_TRUE(broker_.timers().list({}, "other", 10)->messages.empty());
}

}  // namespace
}  // namespace sluice::broker
