#include "broker/duplicates.h"

#include <gtest/gtest.h>

#include "broker/broker.h"
#include "broker/testing/broker_fixture.h"

namespace sluice::broker {
namespace {

using std::chrono::seconds;
using testing::code_of;
using testing::kNow;
using testing::properties_of;
using Seen = Duplicates::Seen;

TEST(Duplicates, AreForgottenAfterTheirWindow) {
  Duplicates known(10);
  const auto key = Duplicates::key_of("t", "id", as_bytes("body"));
  EXPECT_EQ(known.look(key, kNow, seconds(5)).seen, Seen::never);
  EXPECT_EQ(known.look(key, kNow, seconds(5)).seen, Seen::storing);
  known.stored(key, {.offset = QueueOffset(7)});
  const auto again = known.look(key, kNow + seconds(5), seconds(5));
  EXPECT_EQ(again.seen, Seen::stored);
  EXPECT_EQ(again.place.offset, QueueOffset(7));
  EXPECT_EQ(known.look(key, kNow + seconds(6), seconds(5)).seen, Seen::never);
  EXPECT_EQ(known.size(), 1u);
}

TEST(Duplicates, TakeNoMoreThanTheirLimitAndForgetTheOldest) {
  Duplicates known(3);
  const auto key = [](int i) { return Duplicates::key_of("t", std::to_string(i), {}); };
  for (int i = 0; i < 100; ++i) {
    known.look(key(i), kNow, seconds(5));
    known.stored(key(i), {});
    EXPECT_LE(known.size(), 3u);
  }
  EXPECT_EQ(known.look(key(99), kNow, seconds(5)).seen, Seen::stored);
  EXPECT_EQ(known.look(key(96), kNow, seconds(5)).seen, Seen::never);
}

TEST(Duplicates, DifferInTopicKeyAndBody) {
  const auto key = Duplicates::key_of("t", "id", as_bytes("body"));
  EXPECT_EQ(key, Duplicates::key_of("t", "id", as_bytes("body")));
  EXPECT_NE(key, Duplicates::key_of("u", "id", as_bytes("body")));
  EXPECT_NE(key, Duplicates::key_of("t", "ie", as_bytes("body")));
  EXPECT_NE(key, Duplicates::key_of("t", "id", as_bytes("bodz")));
  EXPECT_NE(Duplicates::key_of("a", "bc", {}), Duplicates::key_of("ab", "c", {}));
}

class SendOnce : public testing::BrokerFixture {
 protected:
  SendOnce() : BrokerFixture({.duplicates_max = 100}) {}
  void SetUp() override {
    ASSERT_TRUE(broker_.load(kNow));
    make_topic("off", 4);
    ASSERT_TRUE(broker_.topics().put({.name = "t"}, {{"+dedup.window", "60000"}}, kNow));
  }
  SendQuery query(std::string_view topic, std::string_view body = "body", std::int32_t queue = 0) {
    return {.topic = topic,
            .default_topic = "TBW102",
            .queue_id = queue,
            .properties = properties_,
            .body = as_bytes(body)};
  }
  std::int64_t stored(std::string_view topic, std::int32_t queue = 0) {
    return store_.queue(topic, QueueId(queue))->max().value;
  }
  /// Sends one message alone: where it is said to lie.
  Duplicates::Place send_one(const SendQuery& query, Broker& broker, WallTime now = kNow) {
    SendBatch batch(broker);
    const auto ticket = batch.add(query, now);
    if (!ticket || !batch.append()) {
      ADD_FAILURE() << "not taken";
      return {};
    }
    const store::Pending& first = batch.messages(*ticket).front();
    return {.queue = ticket->queue, .offset = first.offset, .position = first.position};
  }

  std::string properties_ = properties_of({{"UNIQ_KEY", "id"}});
};

TEST_F(SendOnce, AnswersARetryWithTheFirstOnesPlaceAndStoresNothing) {
  send_one(query("off"), broker_);
  const auto first = send_one(query("t", "body", 3), broker_);
  const auto again = send_one(query("t", "body", 5), broker_, kNow + seconds(60));
  EXPECT_EQ(again.queue, QueueId(3));
  EXPECT_EQ(again.offset, first.offset);
  EXPECT_EQ(again.position, first.position);
  EXPECT_EQ(stored("t", 3) + stored("t", 5), 1);
  EXPECT_EQ(broker_.traffic().duplicates, 1);
  EXPECT_EQ(broker_.traffic().put_messages, 2);
  send_one(query("t"), broker_, kNow + seconds(61));
  EXPECT_EQ(stored("t"), 1);
}

TEST_F(SendOnce, StoresTheSameKeyWithAnotherBodyAndWhatHasNoKey) {
  send_one(query("t", "one"), broker_);
  send_one(query("t", "two"), broker_);
  properties_ = properties_of({{"TAGS", "a"}});
  send_one(query("t", "one"), broker_);
  send_one(query("t", "one"), broker_);
  EXPECT_EQ(stored("t"), 4);
}

TEST_F(SendOnce, DoesNothingWhereItIsOff) {
  send_one(query("off"), broker_);
  send_one(query("off"), broker_);
  EXPECT_EQ(stored("off"), 2);
  EXPECT_EQ(broker_.duplicates().size(), 0u);
}

TEST_F(SendOnce, KnowsWhatThisWakeAndOthersAreStoring) {
  SendBatch wake(broker_), other(broker_);
  const auto first = wake.add(query("t"), kNow), again = wake.add(query("t"), kNow);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(code_of(other.add(query("t"), kNow)), Errc::busy);
  ASSERT_TRUE(wake.append());
  EXPECT_EQ(&wake.messages(*first).front(), &wake.messages(*again).front());
  EXPECT_EQ(stored("t"), 1);
  EXPECT_TRUE(other.add(query("t"), kNow));
}

TEST_F(SendOnce, StoresAgainWhatCouldNotBeStored) {
  SendBatch batch(broker_);
  store_.fail_appends = true;
  ASSERT_TRUE(batch.add(query("t"), kNow));
  EXPECT_FALSE(batch.append());
  batch.clear();
  ASSERT_TRUE(batch.add(query("t", "dropped"), kNow));
  batch.clear();
  store_.fail_appends = false;
  send_one(query("t"), broker_);
  send_one(query("t", "dropped"), broker_);
  EXPECT_EQ(stored("t"), 2);
}

TEST_F(SendOnce, KnowsAfterARestartWhatIsStillInTheWindow) {
  store_.store_ms = unix_ms(kNow) - 70'000;
  send_one(query("t", "old"), broker_);
  store_.store_ms = unix_ms(kNow) - 10'000;
  const auto young = send_one(query("t", "young", 2), broker_);
  properties_ = properties_of({{"UNIQ_KEY", "id"}, {"DELAY", "3"}});
  const auto delayed = send_one(query("t", "delayed", 4), broker_);
  properties_ = properties_of({{"UNIQ_KEY", "id"}, {"TRAN_MSG", "true"}});
  const auto half = send_one(query("t", "half", 1), broker_);
  ASSERT_TRUE(broker_.persist(kNow));

  Broker next(store_, disk_, "config", {.duplicates_max = 100});
  ASSERT_TRUE(next.load(kNow));
  EXPECT_EQ(send_one(query("t", "half"), next).position, half.position);
  properties_ = properties_of({{"UNIQ_KEY", "id"}});
  const auto again = send_one(query("t", "young"), next);
  EXPECT_EQ(again.queue, QueueId(2));
  EXPECT_EQ(again.position, young.position);
  const auto waits = send_one(query("t", "delayed"), next);
  EXPECT_EQ(waits.queue, QueueId(4));
  EXPECT_EQ(waits.position, delayed.position);
  EXPECT_EQ(stored("t"), 1) << "the old one";
  send_one(query("t", "old"), next);
  EXPECT_EQ(stored("t"), 2);
  EXPECT_EQ(next.traffic().duplicates, 3);
}

}  // namespace
}  // namespace sluice::broker
