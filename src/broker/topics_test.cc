#include "broker/topics.h"

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

constexpr WallTime kNow = from_unix_ms(1'700'000'000'000);

class FakeQueue final : public store::Queue {
 public:
  FakeQueue(std::string topic, QueueId id) : topic_(std::move(topic)), id_(id) {}
  const std::string& topic() const override { return topic_; }
  QueueId id() const override { return id_; }
  QueueOffset min() const override { return {}; }
  QueueOffset max() const override { return {}; }
  Result<std::size_t> read(QueueOffset, std::span<store::IndexEntry>) const override { return 0; }

 private:
  std::string topic_;
  QueueId id_;
};

/// Counts the queues it is asked for; nothing else of a store is used here.
class CountingStore final : public store::MessageStore {
 public:
  int opened = 0;
  std::vector<std::string> removed;

  std::shared_ptr<store::Queue> queue(std::string_view topic, QueueId id) override {
    ++opened;
    return std::make_shared<FakeQueue>(std::string(topic), id);
  }
  Result<void> remove_topic(std::string_view topic) override {
    removed.emplace_back(topic);
    return {};
  }
  std::vector<std::shared_ptr<store::Queue>> queues() const override { return {}; }
  std::vector<std::shared_ptr<store::Queue>> queues_of(std::string_view) const override {
    return {};
  }
  Result<LogPosition> append(std::span<store::Pending>) override { return fail(Errc::closed); }
  void on_confirmed(store::ConfirmedFn) override {}
  Result<store::Slice> read(LogPosition, std::int32_t) const override {
    return fail(Errc::not_found);
  }
  Result<store::Slice> read_record(LogPosition) const override { return fail(Errc::not_found); }
  LogPosition min_position() const override { return {}; }
  LogPosition end() const override { return {}; }
  LogPosition flushed() const override { return {}; }
  LogPosition confirmed() const override { return {}; }
  Result<QueueOffset> offset_at(const store::Queue&, WallTime, Boundary) const override {
    return QueueOffset();
  }
  Result<WallTime> store_time(const store::Queue&, QueueOffset) const override {
    return fail(Errc::not_found);
  }
  Result<store::KeyResult> find_by_key(const store::KeyQuery&) const override {
    return store::KeyResult{};
  }
  bool index_keys() override { return false; }
  void maintain() override {}
  bool flush_waiting() override { return false; }
  void stop_flushing() override {}
  void flush_log() override {}
  Result<int> drop_older_than(milliseconds, int) override { return 0; }
  Result<void> health() const override { return {}; }
  void keep_while(std::function<bool(LogPosition)>) override {}
  Result<int> apply(const store::Retention&, int, int) override { return 0; }
  Result<void> accepts() const override { return {}; }
  Result<void> flush_health() const override { return {}; }
  Result<store::Disk::Space> space() const override { return fail(Errc::io_error); }
  Result<void> close() override { return {}; }
};

TopicConfig config(std::string name, std::int32_t queues = 4) {
  TopicConfig made;
  made.name = std::move(name);
  made.read_queues = made.write_queues = queues;
  return made;
}

struct TopicsTest : testing::Test {
  CountingStore store;
  Topics topics{
      store, {.auto_create = true, .default_queues = 8, .cluster_name = "C", .broker_name = "b"}};
};

TEST(TopicNames, FollowRocketmqsRule) {
  EXPECT_TRUE(check_topic_name("%RETRY%a_b-C|9"));
  EXPECT_TRUE(check_topic_name(std::string(127, 'a')));
  EXPECT_TRUE(check_topic_name("%DLQ%" + std::string(250, 'a')));
  for (const auto& bad : {std::string(), std::string(128, 'a'), std::string("a.b"),
                          std::string("a@b"), "%RETRY%" + std::string(249, 'a')}) {
    const auto checked = check_topic_name(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), Errc::invalid_name);
  }
  EXPECT_TRUE(is_system_topic("TBW102"));
  EXPECT_TRUE(is_system_topic("rmq_sys_x"));
  EXPECT_FALSE(is_system_topic("%RETRY%g"));
}

TEST_F(TopicsTest, SystemTopicsExistAndOpenNoQueueUntilUsed) {
  EXPECT_EQ(topics.configs().size(), 11u);
  EXPECT_EQ(topics.find("TBW102")->write_queues(), 8);
  EXPECT_EQ(topics.find("C")->perm(), 7);
  EXPECT_EQ(topics.find("C_REPLY_TOPIC")->perm(), 6);
  EXPECT_EQ(topics.find("b")->read_queues(), 1);
  EXPECT_EQ(topics.version(), DataVersion{});
  EXPECT_EQ(store.opened, 0);
  const auto topic = topics.find("BenchmarkTest");
  TopicQueue* last = topic->queue(QueueId(1023));
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->index->id(), QueueId(1023));
  EXPECT_EQ(topic->queue(QueueId(1023)), last);
  EXPECT_EQ(store.opened, 1);
  EXPECT_EQ(topic->queue(QueueId(1024)), nullptr);
  EXPECT_EQ(topic->queue(QueueId(-1)), nullptr);
}

TEST_F(TopicsTest, ASendMakesTheTopicAfterTheDefaultTopic) {
  const auto made = topics.find_or_create("t", "TBW102", 4, kNow);
  ASSERT_TRUE(made);
  EXPECT_EQ((*made)->write_queues(), 4);
  EXPECT_EQ((*made)->perm(), 6);
  EXPECT_EQ((*topics.find_or_create("u", "TBW102", 100, kNow))->write_queues(), 8);
  EXPECT_EQ((*topics.find_or_create("%RETRY%g", "", 4, kNow))->write_queues(), 1);
  EXPECT_EQ(topics.find_or_create("v", "t", 4, kNow).error().code(), Errc::topic_not_found);
  EXPECT_EQ(topics.find_or_create("a b", "TBW102", 4, kNow).error().code(), Errc::invalid_name);
  EXPECT_EQ(topics.version().counter, 3);
  EXPECT_EQ(topics.version().timestamp, unix_ms(kNow));
}

TEST_F(TopicsTest, WithoutAutoCreateASendMakesOnlyRetryTopics) {
  Topics closed(store, {.auto_create = false, .cluster_name = "C", .broker_name = "b"});
  EXPECT_EQ(closed.find("TBW102"), nullptr);
  EXPECT_EQ(closed.find_or_create("t", "C", 4, kNow).error().code(), Errc::topic_not_found);
  EXPECT_TRUE(closed.find_or_create("%RETRY%g", "", 4, kNow));
}

TEST_F(TopicsTest, PutChecksAndChangesInPlace) {
  EXPECT_EQ(topics.put(config("t", 0), kNow).error().code(), Errc::invalid_argument);
  EXPECT_EQ(topics.put(config("t", 1025), kNow).error().code(), Errc::invalid_argument);
  EXPECT_EQ(topics.put(config("TBW102"), kNow).error().code(), Errc::not_permitted);
  int told = 0;
  topics.on_change([&] { told += topics.find("t") != nullptr; });
  ASSERT_TRUE(topics.put(config("t", 2), kNow));
  const auto topic = topics.find("t");
  TopicQueue* first = topic->queue(QueueId(0));
  EXPECT_EQ(topic->queue(QueueId(2)), nullptr);
  ASSERT_TRUE(topics.put(config("t", 3), kNow));
  ASSERT_TRUE(topics.put(config("t", 3), kNow));
  EXPECT_EQ(told, 2) << "the same again is no change";
  EXPECT_EQ(topics.find("t"), topic);
  EXPECT_EQ(topic->queue(QueueId(0)), first);
  EXPECT_NE(topic->queue(QueueId(2)), nullptr);
}

TEST_F(TopicsTest, QueuesStayWhereTheyAreWhenATopicGrows) {
  ASSERT_TRUE(topics.put(config("t", 2), kNow));
  const auto topic = topics.find("t");
  std::vector<TopicQueue*> made{topic->queue(QueueId(0)), topic->queue(QueueId(1))};
  for (const int queues : {3, 7, 8, 100, kQueuesMax}) {
    ASSERT_TRUE(topics.put(config("t", queues), kNow));
    for (int id = static_cast<int>(made.size()); id < queues; ++id) {
      made.push_back(topic->queue(QueueId(id)));
      ASSERT_NE(made.back(), nullptr) << id;
    }
    for (int id = 0; id < queues; ++id) {
      EXPECT_EQ(topic->queue(QueueId(id)), made[static_cast<std::size_t>(id)]) << id;
      EXPECT_EQ(made[static_cast<std::size_t>(id)]->index->id(), QueueId(id));
    }
  }
  EXPECT_EQ(store.opened, kQueuesMax);
}

TEST_F(TopicsTest, RemoveForgetsTheQueuesAndSparesSystemTopics) {
  ASSERT_TRUE(topics.put(config("t"), kNow));
  const auto held = topics.find("t");
  ASSERT_TRUE(topics.remove("t", kNow));
  EXPECT_TRUE(held->deleted());
  EXPECT_EQ(topics.find("t"), nullptr);
  EXPECT_EQ(store.removed, std::vector<std::string>{"t"});
  EXPECT_EQ(topics.remove("t", kNow).error().code(), Errc::topic_not_found);
  EXPECT_EQ(topics.remove("TBW102", kNow).error().code(), Errc::not_permitted);
}

TEST_F(TopicsTest, RestoreKeepsTheSystemTopicsAndTakesTheVersion) {
  topics.on_change([] { ADD_FAILURE(); });
  topics.restore({config("t", 5000)}, {.state_version = 0, .timestamp = 1, .counter = 9});
  EXPECT_EQ(topics.find("t")->read_queues(), kQueuesMax);
  EXPECT_NE(topics.find("TBW102"), nullptr);
  EXPECT_EQ(topics.version().counter, 9);
}

TEST_F(TopicsTest, WritesWithoutAQueueSpreadOverAll) {
  ASSERT_TRUE(topics.put(config("t", 3), kNow));
  const auto topic = topics.find("t");
  std::map<std::int32_t, int> hits;
  for (int i = 0; i < 9; ++i) ++hits[topic->next_write_queue().value];
  EXPECT_EQ(hits, (std::map<std::int32_t, int>{{0, 3}, {1, 3}, {2, 3}}));
}

}  // namespace
}  // namespace sluice::broker
