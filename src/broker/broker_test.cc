#include "broker/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/testing/broker_fixture.h"
#include "store/text_file.h"

namespace sluice::broker {
namespace {

using testing::code_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kNow;
using testing::kSteady;

struct TestLink : delivery::Link {
  void members_changed(std::string_view) override { ++told; }
  int told = 0;
};

delivery::Hello hello_of(std::string group) {
  delivery::Hello hello;
  hello.client_id = "c";
  hello.group = std::move(group);
  return hello;
}

class BrokerTest : public testing::BrokerFixture {
 protected:
  std::shared_ptr<TestLink> link_ = std::make_shared<TestLink>();
};

TEST_F(BrokerTest, AHeartbeatMakesTheGroupAndItsRetryTopic) {
  const auto changed = broker_.consumer_hello(link_, hello_of("g"), kNow, kSteady);
  ASSERT_TRUE(changed);
  EXPECT_TRUE(*changed);
  EXPECT_NE(broker_.groups().find("g"), nullptr);
  ASSERT_NE(broker_.topics().find("%RETRY%g"), nullptr);
  EXPECT_EQ(broker_.topics().find("%RETRY%g")->read_queues(), 1);
  EXPECT_EQ(broker_.consumers().client_ids("g").size(), 1u);
  EXPECT_EQ(code_of(broker_.consumer_hello(link_, hello_of("bad name"), kNow, kSteady)),
            Errc::invalid_name);
}

TEST_F(BrokerTest, TellsNobodyOfAGroupThatIsConfiguredSo) {
  ASSERT_TRUE(broker_.groups().put({.name = "g", .notify_members_changed = false}, kNow));
  ASSERT_TRUE(broker_.consumer_hello(link_, hello_of("g"), kNow, kSteady));
  EXPECT_EQ(link_->told, 0);
}

TEST_F(BrokerTest, ForgetsLostAndSilentMembers) {
  ASSERT_TRUE(broker_.consumer_hello(link_, hello_of("g"), kNow, kSteady));
  broker_.expire(kSteady + milliseconds(120'000));
  EXPECT_EQ(broker_.consumers().client_ids("g").size(), 1u);
  broker_.expire(kSteady + milliseconds(120'001));
  EXPECT_THAT(broker_.consumers().client_ids("g"), IsEmpty());
  ASSERT_TRUE(broker_.consumer_hello(link_, hello_of("g"), kNow, kSteady));
  broker_.disconnected(link_.get());
  EXPECT_THAT(broker_.consumers().client_ids("g"), IsEmpty());
}

TEST_F(BrokerTest, GivesCommittedProgress) {
  make_topic("t");
  ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(1), QueueOffset(5), kNow));
  const auto offset = broker_.query_offset("g", "t", QueueId(1), false);
  ASSERT_TRUE(offset);
  EXPECT_EQ(*offset, QueueOffset(5));
}

TEST_F(BrokerTest, LetsANewGroupStartAtAQueuesFirstMessageOnly) {
  make_topic("t");
  send("t");
  const auto offset = broker_.query_offset("g", "t", QueueId(0), true);
  ASSERT_TRUE(offset);
  EXPECT_EQ(*offset, QueueOffset(0));
  EXPECT_EQ(code_of(broker_.query_offset("g", "t", QueueId(0), false)), Errc::offset_not_found);
  store_.drop_below("t", QueueId(0), QueueOffset(1));
  EXPECT_EQ(code_of(broker_.query_offset("g", "t", QueueId(0), true)), Errc::offset_not_found);
}

class SmallMemory : public testing::BrokerFixture {
 protected:
  SmallMemory() : BrokerFixture({.memory_bytes = 500}) {}
};

TEST_F(SmallMemory, ANewGroupDoesNotStartAtMessagesLongGone) {
  make_topic("t");
  send("t");
  EXPECT_TRUE(broker_.query_offset("g", "t", QueueId(0), true));
  send("t", "", std::string(600, 'x'));
  EXPECT_EQ(code_of(broker_.query_offset("g", "t", QueueId(0), true)), Errc::offset_not_found);
}

TEST_F(BrokerTest, ChecksACommit) {
  make_topic("t");
  EXPECT_EQ(code_of(broker_.commit_offset("g", "missing", QueueId(0), QueueOffset(1), kNow)),
            Errc::topic_not_found);
  EXPECT_EQ(code_of(broker_.commit_offset("g", "t", QueueId(2), QueueOffset(1), kNow)),
            Errc::queue_out_of_range);
  EXPECT_EQ(code_of(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(-1), kNow)),
            Errc::invalid_argument);
}

TEST_F(BrokerTest, RemovesATopicWithItsMessagesAndProgress) {
  make_topic("t");
  send("t");
  ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(1), kNow));
  ASSERT_TRUE(broker_.remove_topic("t", kNow));
  EXPECT_EQ(broker_.topics().find("t"), nullptr);
  EXPECT_THAT(broker_.progress().topics("g"), IsEmpty());
  const auto left = store_.queues();
  EXPECT_TRUE(std::ranges::none_of(left, [](const auto& q) { return q->topic() == "t"; }));
  EXPECT_EQ(code_of(broker_.remove_topic("t", kNow)), Errc::topic_not_found);
}

TEST_F(BrokerTest, RemovesAGroupWithItsProgressWhenAsked) {
  make_topic("t");
  ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(1), kNow));
  ASSERT_TRUE(broker_.remove_group("g", false, kNow));
  EXPECT_TRUE(broker_.progress().committed("g", "t", QueueId(0)));
  ASSERT_TRUE(broker_.groups().find_or_create("g", kNow));
  ASSERT_TRUE(broker_.remove_group("g", true, kNow));
  EXPECT_FALSE(broker_.progress().committed("g", "t", QueueId(0)));
}

class BrokerFiles : public BrokerTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(broker_.load(kNow));
    make_topic("t", 5);
    ASSERT_TRUE(broker_.groups().put({.name = "g", .retry_max_times = 3}, kNow));
    for (int i = 0; i < 7; ++i) send("t");
    ASSERT_TRUE(broker_.commit_offset("g", "t", QueueId(0), QueueOffset(7), kNow));
    ASSERT_TRUE(broker_.persist(kNow));
  }
  void expect_restored() {
    Broker next(store_, disk_, "config", {});
    const auto loaded = next.load(kNow);
    ASSERT_TRUE(loaded) << loaded.error().remark();
    ASSERT_NE(next.topics().find("t"), nullptr);
    EXPECT_EQ(next.topics().find("t")->write_queues(), 5);
    EXPECT_NE(next.topics().find("TBW102"), nullptr);
    ASSERT_NE(next.groups().find("g"), nullptr);
    EXPECT_EQ(next.groups().find("g")->retry_max_times, 3);
    EXPECT_EQ(next.progress().committed("g", "t", QueueId(0)), QueueOffset(7));
    EXPECT_EQ(next.topics().version(), broker_.topics().version());
    EXPECT_EQ(next.groups().version(), broker_.groups().version());
  }
};

TEST_F(BrokerFiles, BringEverythingBack) { expect_restored(); }

TEST_F(BrokerFiles, AreWrittenOnlyWhenTheirTableChanged) {
  const std::int64_t changes = disk_.changes();
  ASSERT_TRUE(broker_.persist(kNow));
  EXPECT_EQ(disk_.changes(), changes);
}

TEST_F(BrokerFiles, AreNotWrittenAgainBecauseOfAStart) {
  Broker next(store_, disk_, "config", {});
  ASSERT_TRUE(next.load(kNow));
  const std::int64_t changes = disk_.changes();
  ASSERT_TRUE(next.persist_tables());
  EXPECT_EQ(disk_.changes(), changes);
}

TEST_F(BrokerFiles, AreWrittenAgainWhenOnlyTheirPredecessorWasGood) {
  for (const std::string name : {"topics.json", "subscriptionGroup.json"}) {
    ASSERT_TRUE(disk_.rename("config/" + name, "config/" + name + ".bak"));
  }
  Broker next(store_, disk_, "config", {});
  ASSERT_TRUE(next.load(kNow));
  ASSERT_TRUE(next.persist_tables());
  EXPECT_TRUE(disk_.exists("config/topics.json"));
  EXPECT_TRUE(disk_.exists("config/subscriptionGroup.json"));
}

TEST_F(BrokerFiles, ThatNobodySyncedBeforeTheProcessEndedAreSafeAfterAStart) {
  make_topic("u", 1);
  ASSERT_TRUE(broker_.persist(kNow));
  const std::string path = "config/topics.json";
  ASSERT_TRUE(disk_.rename(path, path + ".tmp"));
  ASSERT_TRUE(disk_.sync_folder("config"));
  ASSERT_TRUE(disk_.rename(path + ".tmp", path));
  expect_restored();
  disk_.cut_power();
  expect_restored();
}

TEST_F(BrokerFiles, FallBackToTheirPredecessorWhenDamaged) {
  for (const char* name : {"topics.json", "subscriptionGroup.json", "consumerOffset.json"}) {
    const std::string path = std::string("config/") + name;
    ASSERT_TRUE(disk_.rename(path, path + ".bak"));
    auto file = disk_.open(path, store::Disk::Open::create);
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write(0, as_bytes("{\"dataVersion\":{\"coun")));
  }
  expect_restored();
}

TEST_F(BrokerFiles, FallBackToTheirPredecessorWhenTheyMakeNoSense) {
  ASSERT_TRUE(store::write_text_file(disk_, "config/consumerOffset.json",
                                     R"({"offsetTable":{"no group":{"0":1}}})"));
  expect_restored();
}

TEST_F(BrokerFiles, StopTheStartWhenNoCopyCanBeRead) {
  ASSERT_TRUE(disk_.remove("config/topics.json.bak"));
  ASSERT_TRUE(store::write_text_file(disk_, "config/topics.json", "[1]"));
  ASSERT_TRUE(disk_.remove("config/topics.json.bak"));
  Broker next(store_, disk_, "config", {});
  const auto loaded = next.load(kNow);
  ASSERT_EQ(code_of(loaded), Errc::corrupt);
  EXPECT_THAT(std::string(loaded.error().remark()), HasSubstr("topics.json"));
}

}  // namespace
}  // namespace sluice::broker
