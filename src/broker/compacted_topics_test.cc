#include <gtest/gtest.h>

#include "broker/popping.h"
#include "broker/testing/broker_fixture.h"

/// Topics whose messages compaction takes away: what senders and readers see of it.
namespace sluice::broker {
namespace {

using namespace testing;

class CompactedTopics : public BrokerFixture {
 protected:
  CompactedTopics() {
    store_.store_ms = unix_ms(kNow);
    TopicConfig config{.name = "t"};
    config.read_queues = config.write_queues = 1;
    EXPECT_TRUE(broker_.topics().put(config, {{"+cleanup.policy", "COMPACTION"}}, kNow));
  }
  Result<SendBatch::Ticket> add(std::string_view keys) {
    const std::string properties = properties_of({{"KEYS", keys}, {"UNIQ_KEY", "id"}});
    SendBatch batch(broker_);
    auto taken = batch.add(
        {.topic = "t", .queue_id = 0, .properties = properties, .body = as_bytes("body")}, kNow);
    if (taken) SLUICE_CHECK(batch.append());
    return taken;
  }
  void fill(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(add("k"));
  }
  void gap(std::int64_t from, std::int64_t to) {
    for (; from < to; ++from) store_.compact_away("t", QueueId(0), QueueOffset(from));
  }
  std::vector<std::int64_t> offsets_from(std::int64_t from) {
    std::vector<std::int64_t> offsets;
    for (int i = 0; i < 100; ++i) {
      const auto pulled = pull(query("t", from));
      EXPECT_TRUE(pulled) << pulled.error().remark();
      if (!pulled || pulled->status == PullStatus::not_found) break;
      EXPECT_NE(pulled->status, PullStatus::moved);
      for (const auto& record : records_in(*pulled)) {
        offsets.push_back(record.placement.offset.value);
      }
      EXPECT_GT(pulled->next.value, from);
      from = pulled->next.value;
    }
    return offsets;
  }
};

TEST_F(CompactedTopics, TakeNothingWithoutAKey) {
  EXPECT_EQ(code_of(add("")), Errc::message_illegal);
  EXPECT_EQ(code_of(add("  ")), Errc::message_illegal);
  EXPECT_TRUE(add("k"));
}

TEST_F(CompactedTopics, PullsGoOnBehindGapsAndAreSentNowhereElse) {
  fill(10);
  gap(0, 3), gap(5, 6), gap(8, 9);
  EXPECT_EQ(offsets_from(0), (std::vector<std::int64_t>{3, 4, 6, 7, 9}));
  EXPECT_EQ(offsets_from(2), (std::vector<std::int64_t>{3, 4, 6, 7, 9}));
  EXPECT_EQ(offsets_from(8), (std::vector<std::int64_t>{9}));
}

TEST_F(CompactedTopics, APullWaitsWhereNothingIsLeft) {
  fill(3);
  gap(0, 3);
  const auto pulled = pull(query("t", 0));
  ASSERT_TRUE(pulled);
  EXPECT_EQ(pulled->status, PullStatus::not_found);
  EXPECT_EQ(pulled->next, QueueOffset(3));
}

TEST_F(CompactedTopics, APopTakesWhatIsLeftAndTheRestIsDone) {
  fill(8);
  gap(1, 3);
  PopBatch pops(broker_);
  const auto pop = [&](std::int32_t count, WallTime now) {
    PopQuery query;
    query.group = "g";
    query.topic = "t";
    query.max_messages = count;
    query.invisible = milliseconds(1000);
    query.start = PopStart::first;
    PopResult result;
    const auto plan = pops.prepare(query, now);
    EXPECT_TRUE(plan && pops.pop(*plan, now, result) && pops.append(now));
    std::vector<std::int64_t> offsets;
    for (const auto& message : result.messages) offsets.push_back(message.offset.value);
    return offsets;
  };
  const auto acknowledge = [&](std::int64_t offset, WallTime stamp) {
    ASSERT_TRUE(pops.acknowledge({"g", "t", QueueId(0), QueueOffset(offset), stamp}));
    ASSERT_TRUE(pops.append(stamp));
  };
  EXPECT_EQ(pop(3, kNow), (std::vector<std::int64_t>{0, 3, 4}));
  gap(3, 4), gap(7, 8);
  acknowledge(0, kNow);
  const WallTime later = kNow + milliseconds(1000);
  EXPECT_EQ(pop(8, later), (std::vector<std::int64_t>{4, 5, 6}));
  for (const std::int64_t offset : {4, 5, 6}) acknowledge(offset, later);
  EXPECT_EQ(broker_.progress().committed("g", "t", QueueId(0)), QueueOffset(8));
}

}  // namespace
}  // namespace sluice::broker
