#include "wire/record/light_queues.h"

#include <array>

#include <gtest/gtest.h>

#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using testing::must_open;
using testing::pending;
using testing::small_options;

/// A message to T that also lies in the light queues of these names.
struct Copied {
  LightQueues also;
  Pending message;
  Copied(MessageStore& store, std::string_view body, const std::vector<std::string>& names) {
    std::string listed, offsets;
    for (const std::string& name : names) {
      if (!listed.empty()) listed += ',', offsets += ',';
      listed += name;
      offsets.append(wire::record::kOffsetDigits, '0');
      also.queues.push_back(store.queue(name, wire::record::kLightQueue));
    }
    wire::record::append_property(also.properties, wire::record::property::kDispatch, listed);
    wire::record::append_property(also.properties, wire::record::property::kDispatchOffsets,
                                  offsets);
    also.offsets = also.properties.size() - offsets.size() - 1;
    message = pending(*store.queue("T", QueueId(0)), body, also.properties);
    message.also = &also;
  }
};

class LightQueuesTest : public ::testing::Test {
 protected:
  void open() {
    auto options = small_options();
    options.light_queues = true;
    store_ = must_open(disk_, clock_, options);
  }
  void send(std::string_view body, const std::vector<std::string>& names) {
    Copied copied(*store_, body, names);
    ASSERT_TRUE(store_->append(std::span(&copied.message, 1)));
  }
  std::vector<std::string> bodies(std::string_view topic) {
    std::vector<std::string> all;
    const auto queue = store_->queue(topic, QueueId(0));
    for (QueueOffset at = queue->min(); at < queue->max(); at += 1) {
      std::array<IndexEntry, 1> entry;
      EXPECT_EQ(queue->read(at, entry).value_or(0), 1u);
      const auto slice = store_->read_record(entry[0].position);
      EXPECT_TRUE(slice);
      if (!slice) return all;
      const auto found = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record;
      all.emplace_back(as_text(found.message.body));
      if (!topic.starts_with(wire::record::kLightPrefix)) continue;
      bool named = false;
      wire::record::each_light_queue(found.message.topic, found.message.properties,
                                     [&](std::string_view name, QueueOffset offset) {
                                       named = named || (name == topic && offset == at);
                                     });
      EXPECT_TRUE(named) << found.message.properties << " is at " << at.value << " of " << topic;
    }
    return all;
  }
  using Texts = std::vector<std::string>;

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(LightQueuesTest, OneRecordLiesInAllOfThemAndSaysWhere) {
  open();
  send("one", {"%LMQ%a", "%LMQ%b"});
  send("two", {"%LMQ%b"});
  send("three", {"%LMQ%a", "%LMQ%b"});
  EXPECT_EQ(bodies("T"), (Texts{"one", "two", "three"}));
  EXPECT_EQ(bodies("%LMQ%a"), (Texts{"one", "three"}));
  EXPECT_EQ(bodies("%LMQ%b"), (Texts{"one", "two", "three"}));
}

TEST_F(LightQueuesTest, ABatchCountsWithinItself) {
  open();
  Copied first(*store_, "one", {"%LMQ%a"}), second(*store_, "two", {"%LMQ%a"});
  std::vector<Pending> batch{first.message, second.message};
  ASSERT_TRUE(store_->append(batch));
  EXPECT_EQ(bodies("%LMQ%a"), (Texts{"one", "two"}));
}

TEST_F(LightQueuesTest, AreBuiltAgainFromTheLogAfterAKill) {
  open();
  send("one", {"%LMQ%a", "%LMQ%b"});
  store_->maintain();
  send("two", {"%LMQ%b"});
  store_.reset();
  disk_.kill();
  open();
  EXPECT_EQ(bodies("%LMQ%a"), (Texts{"one"}));
  EXPECT_EQ(bodies("%LMQ%b"), (Texts{"one", "two"}));
  send("three", {"%LMQ%a"});
  EXPECT_EQ(bodies("%LMQ%a"), (Texts{"one", "three"}));
}

TEST_F(LightQueuesTest, AreBuiltAgainWithoutAnyIndexFile) {
  open();
  for (int i = 0; i < 100; ++i) send(std::to_string(i), {"%LMQ%a"});
  ASSERT_TRUE(store_->close());
  store_.reset();
  ASSERT_TRUE(disk_.remove("/r/consumequeue"));
  open();
  EXPECT_EQ(bodies("%LMQ%a"), bodies("T"));
  EXPECT_EQ(bodies("%LMQ%a").size(), 100u);
}

TEST_F(LightQueuesTest, BeginWhereTheLogDoes) {
  open();
  for (int i = 0; i < 100; ++i) send(std::to_string(i), {"%LMQ%a"});
  store_->maintain();
  clock_.advance(milliseconds(10'000));
  store_->maintain();
  ASSERT_GT(*store_->drop_older_than(milliseconds(1), 3), 0);
  const auto queue = store_->queue("%LMQ%a", QueueId(0));
  EXPECT_GT(queue->min().value, 0);
  EXPECT_EQ(queue->min(), store_->queue("T", QueueId(0))->min());
  EXPECT_EQ(bodies("%LMQ%a"), bodies("T"));
}

TEST(LightQueueNames, RetriesAndWhatWaitsAreInNone) {
  std::string properties;
  wire::record::append_property(properties, wire::record::property::kDispatch, "%LMQ%a,x,%LMQ%b");
  wire::record::append_property(properties, wire::record::property::kDispatchOffsets, "7,1,-1");
  const auto found = [&](std::string_view topic) {
    std::vector<std::pair<std::string, std::int64_t>> all;
    wire::record::each_light_queue(topic, properties, [&](std::string_view name, QueueOffset at) {
      all.emplace_back(name, at.value);
    });
    return all;
  };
  EXPECT_EQ(found("T"), (std::vector<std::pair<std::string, std::int64_t>>{{"%LMQ%a", 7}}));
  for (const char* topic :
       {"%RETRY%g", "%DLQ%g", "rmq_sys_x", "RMQ_SYS_TRANS_HALF_TOPIC", "SCHEDULE_TOPIC_XXXX"}) {
    EXPECT_TRUE(found(topic).empty()) << topic;
  }
}

}  // namespace
}  // namespace sluice::store
