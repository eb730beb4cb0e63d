#include "store/keeper.h"

#include <gtest/gtest.h>

#include "store/store_check.h"
#include "store/testing/store_fixture.h"

namespace sluice::store {
namespace {

using testing::append_one;
using testing::bodies_of;
using testing::must_open;
using testing::numbered;
using testing::small_options;

/// A topic "K" that is kept by a rule of its own beside a topic "L" that is not, in a log of 4 KiB
/// files.
class KeptTopics : public ::testing::Test {
 protected:
  void open(std::optional<TopicRetention> rule = TopicRetention{}) {
    auto options = small_options();
    options.kept_part_bytes = 16384;
    store_ = must_open(disk_, clock_, options);
    store_->retain_topic("K", rule);
    rule_ = rule;
  }
  void kill_and_open(bool power = false) {
    store_.reset();
    power ? disk_.cut_power() : disk_.kill();
    open(rule_);
  }
  std::shared_ptr<Queue> queue(std::string_view topic = "K", int id = 0) {
    return store_->queue(topic, QueueId(id));
  }
  /// Bodies "FROM:xxx" and so on, a message for L after each.
  void put(int n, int from = 0, int id = 0) {
    for (const std::string& body : numbered(n, 60, from)) {
      ASSERT_TRUE(append_one(*store_, *queue("K", id), body));
      ASSERT_TRUE(append_one(*store_, *queue("L"), body));
      clock_.advance(milliseconds(10));
    }
  }
  void copy() {
    for (int i = 0; i < 10'000 && store_->compact(1 << 10); ++i) {
    }
  }
  /// All files but the last go, in the way of the broker's upkeep.
  int drop_all() {
    store_->maintain();
    clock_.advance(milliseconds(6000));  // index files and table are written now and then
    store_->maintain();
    const Retention rules{.keep = milliseconds(1), .hours = ~0U};
    int dropped = 0;
    for (int round = 0; round < 100; ++round) {
      const auto now = store_->apply(rules, 0, 10);
      EXPECT_TRUE(now) << now.error().remark();
      copy();
      const bool waits = round == 0 || (now && *now > 0);
      if (!waits) return dropped;
      dropped += *now;
    }
    ADD_FAILURE() << "the log waits for ever";
    return dropped;
  }
  std::vector<std::string> bodies(int id = 0) { return bodies_of(*store_, *queue("K", id)); }
  std::int64_t files() { return std::ssize(*disk_.list("/r/sluice.kept/K/0")); }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
  std::optional<TopicRetention> rule_;
};

TEST_F(KeptTopics, StayReadableWhenTheLogHasDroppedTheirFiles) {
  open();
  put(200);
  EXPECT_GT(drop_all(), 4);
  EXPECT_GT(queue("L")->min(), QueueOffset(100)) << "the other topic goes with the log";
  EXPECT_EQ(bodies(), numbered(200, 60));
  put(100, 200);
  EXPECT_GT(drop_all(), 2);
  EXPECT_EQ(bodies(), numbered(300, 60));
}

TEST_F(KeptTopics, AreThereAfterAKillAndAfterAPowerCut) {
  open();
  put(200);
  EXPECT_GT(drop_all(), 4);
  for (const bool power : {false, true}) {
    kill_and_open(power);
    EXPECT_EQ(bodies(), numbered(200, 60)) << power;
  }
}

TEST_F(KeptTopics, AreReadInOneGoAcrossTheBorderToTheLog) {
  open();
  put(200);
  drop_all();
  std::array<IndexEntry, 300> entries;
  const auto q = queue();
  std::int64_t at = 0;
  while (at < 200) {
    const auto got = q->read(QueueOffset(at), entries);
    ASSERT_TRUE(got && *got > 0) << at;
    at += static_cast<std::int64_t>(*got);
  }
  EXPECT_EQ(at, 200);
  EXPECT_EQ(q->first_from(QueueOffset(7)), QueueOffset(7));
}

TEST_F(KeptTopics, ManySmallDropsMakeFewParts) {
  open();
  for (int round = 0; round < 20; ++round) {
    put(40, round * 40);
    drop_all();
  }
  EXPECT_EQ(bodies(), numbered(800, 60));
  EXPECT_LT(files(), 12);
}

TEST_F(KeptTopics, GoWhenTheirTimeIsOver) {
  open(TopicRetention{.keep = milliseconds(60'000)});
  put(200);
  EXPECT_GT(drop_all(), 4);
  EXPECT_EQ(bodies().size(), 200u);
  clock_.advance(milliseconds(120'000));
  ASSERT_TRUE(store_->apply({}, 0, 10));
  EXPECT_EQ(files(), 0);
  EXPECT_EQ(queue()->min(), queue()->max()) << "also what the log still has";
}

TEST_F(KeptTopics, ExpireOneByOneInTheLog) {
  open(TopicRetention{.keep = milliseconds(1000)});
  put(150);  // 10 ms apart
  ASSERT_TRUE(store_->apply({.hours = 0}, 0, 10));
  EXPECT_EQ(queue()->min(), QueueOffset(50));
  EXPECT_EQ(queue("L")->min(), QueueOffset(0));
}

TEST_F(KeptTopics, WhatHasExpiredIsNotCopied) {
  open(TopicRetention{.keep = milliseconds(1000)});
  put(200);
  EXPECT_GT(drop_all(), 4);
  EXPECT_EQ(files(), 0);
}

TEST_F(KeptTopics, HaveNoMoreThanTheirShare) {
  open(TopicRetention{.bytes = 20'000});
  for (int round = 0; round < 10; ++round) {
    put(50, round * 100, 0);
    put(50, round * 100, 1);
    drop_all();
  }
  ASSERT_TRUE(store_->apply({.hours = 0}, 0, 10));
  std::int64_t left = 0;
  for (int id : {0, 1}) left += queue("K", id)->max() - queue("K", id)->min();
  EXPECT_GT(left, 20'000 / 160) << "not less than its share either";
  EXPECT_LT(left, 300) << "about 160 bytes each, and what the log has";
}

TEST_F(KeptTopics, WithoutARuleAnyMoreTheirPartsGo) {
  open();
  put(200);
  drop_all();
  store_->retain_topic("K", std::nullopt);
  ASSERT_TRUE(store_->apply({.hours = 0}, 0, 10));
  EXPECT_EQ(files(), 0);
  EXPECT_GT(queue()->min(), QueueOffset(100));
}

TEST_F(KeptTopics, GoWithTheirTopic) {
  open();
  put(200);
  drop_all();
  ASSERT_TRUE(store_->remove_topic("K"));
  EXPECT_FALSE(disk_.exists("/r/sluice.kept/K"));
  kill_and_open();
  EXPECT_EQ(queue()->max(), QueueOffset(0));
  put(5);
  EXPECT_EQ(bodies(), numbered(5, 60));
}

TEST_F(KeptTopics, AreCheckedWhenTheyAreReadBack) {
  open();
  put(200);
  drop_all();
  store_.reset();
  const std::string part = disk_.list("/r/sluice.kept/K/0")->front();
  disk_.flip_byte("/r/sluice.kept/K/0/" + part + "/" + part + ".records", 95);
  open();
  IndexEntry entry;
  ASSERT_EQ(*queue()->read(QueueOffset(0), std::span(&entry, 1)), 1u);
  const auto damaged = store_->read_checked(entry.position, entry.size, true);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code(), Errc::corrupt);
  EXPECT_NE(damaged.error().remark().find(part), std::string_view::npos);
  ASSERT_EQ(*queue()->read(QueueOffset(1), std::span(&entry, 1)), 1u);
  EXPECT_FALSE(*store_->read_now(entry.position, entry.size)) << "not by who must not wait";
  EXPECT_TRUE(store_->read_checked(entry.position, entry.size, true));
  EXPECT_TRUE(*store_->read_now(entry.position, entry.size));
}

TEST_F(KeptTopics, StayWhenNobodySaysHowLong) {
  open();
  put(200);
  drop_all();
  store_.reset();
  disk_.kill();
  store_ = must_open(disk_, clock_, small_options());
  ASSERT_TRUE(store_->apply({.hours = 0}, 0, 10));
  EXPECT_EQ(bodies(), numbered(200, 60)) << "its configuration may be lost";
}

TEST_F(KeptTopics, DeletedWhileACopyIsMadeLeaveNothing) {
  open();
  put(200);
  store_->maintain();
  clock_.advance(milliseconds(6000));
  store_->maintain();
  const Retention rules{.keep = milliseconds(1), .hours = ~0U};
  ASSERT_EQ(*store_->apply(rules, 0, 10), 0);
  EXPECT_TRUE(store_->compact(10));
  ASSERT_TRUE(store_->remove_topic("K"));
  copy();
  kill_and_open();
  EXPECT_EQ(queue()->max(), QueueOffset(0));
  put(100);
  EXPECT_GT(drop_all(), 2);
  EXPECT_EQ(bodies(), numbered(100, 60)) << "of the new topic";
}

/// With index files of ten entries, which go with the log.
TEST_F(KeptTopics, ExpiringWhileACopyIsMadeLoseNothingElse) {
  open(TopicRetention{.keep = milliseconds(100'000)});
  put(200);  // 10 ms apart
  store_->maintain();
  clock_.advance(milliseconds(6000));
  store_->maintain();
  const Retention rules{.keep = milliseconds(1), .hours = ~0U};
  ASSERT_EQ(*store_->apply(rules, 0, 10), 0);
  EXPECT_TRUE(store_->compact(100));  // the first messages are copied, not more
  clock_.advance(milliseconds(100'000 - 6000 - 2000 + 500));
  for (int round = 0; round < 30; ++round) {
    ASSERT_TRUE(store_->apply(rules, 0, 10));
    copy();
    clock_.advance(milliseconds(1));
  }
  const std::int64_t min = queue()->min().value;
  EXPECT_GT(min, 40);
  EXPECT_LT(min, 60);
  EXPECT_EQ(bodies(), numbered(static_cast<int>(200 - min), 60, static_cast<int>(min)));
}

/// Damage on the way of the search for what has expired.
TEST_F(KeptTopics, OneDamagedQueueKeepsNoFileOfTheLog) {
  open(TopicRetention{.keep = milliseconds(1000)});
  put(200);
  store_->maintain();
  store_.reset();
  disk_.kill();
  for (int i = 0; i < 40; ++i) disk_.flip_byte("/r/commitlog/00000000000000008192", 100 * i);
  open(rule_);
  EXPECT_GT(drop_all(), 4);
}

TEST_F(KeptTopics, AreGivenUpWhereTheyCannotBeCopiedAndTheDiskFills) {
  open();
  put(200);
  store_->maintain();
  clock_.advance(milliseconds(6000));
  store_->maintain();
  disk_.set_room(1 << 30);  // of 1 TiB
  ASSERT_EQ(*store_->apply({.hours = 0}, 0, 10), 0);
  clock_.advance(milliseconds(59'000));
  EXPECT_EQ(*store_->apply({.hours = 0}, 0, 10), 0);
  clock_.advance(milliseconds(2000));
  ASSERT_TRUE(store_->apply({.hours = 0}, 0, 10));
  EXPECT_EQ(*store_->apply({.hours = 0}, 0, 10), 1);
}

TEST_F(KeptTopics, AreLookedAtWithoutABroker) {
  open();
  put(200);
  drop_all();
  ASSERT_TRUE(store_->close());
  store_.reset();
  const auto problems = [this] {
    const auto offline = OfflineStore::open(disk_, "/r");
    return verify(**offline, {})->other;
  };
  EXPECT_EQ(problems(), std::vector<std::string>{});
  const std::string part = disk_.list("/r/sluice.kept/K/0")->front();
  disk_.flip_byte("/r/sluice.kept/K/0/" + part + "/" + part + ".records", 95);
  ASSERT_EQ(problems().size(), 1u);
  EXPECT_NE(problems().front().find("rows are damaged; row 0"), std::string::npos);
}

TEST_F(KeptTopics, GiveWayWhenTheDiskIsFull) {
  open();
  put(200);
  drop_all();
  ASSERT_GT(files(), 0);
  disk_.set_room(1 << 30);  // of 1 TiB
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(store_->apply({.hours = 0}, 0, 10));
  EXPECT_EQ(files(), 0);
  EXPECT_GT(queue()->min(), QueueOffset(100));
}

TEST_F(KeptTopics, DoNotHoldTheLogWhenTheDiskTakesNoCopy) {
  open();
  put(200);
  store_->maintain();
  clock_.advance(milliseconds(6000));
  store_->maintain();
  disk_.set_room(0);
  EXPECT_EQ(*store_->apply({.hours = 0}, 0, 10), 0) << "the log waits for the copies";
  int dropped = 0;
  for (int round = 0; round < 10; ++round) {
    copy();
    dropped += *store_->apply({.hours = 0}, 0, 10);
    clock_.advance(milliseconds(1000));
  }
  EXPECT_GT(dropped, 4);
  disk_.set_room(std::nullopt);
  put(100, 200);
  EXPECT_GT(drop_all(), 2);
  EXPECT_EQ(bodies().back(), numbered(300, 60).back());
  EXPECT_GT(bodies().size(), 100u) << "and from then on they are kept again";
}

}  // namespace
}  // namespace sluice::store
