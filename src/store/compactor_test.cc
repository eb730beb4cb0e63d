#include "store/compactor.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using testing::must_open;
using testing::pending;
using testing::small_options;

std::string keyed(std::string_view key) {
  std::string text;
  if (!key.empty()) wire::record::append_property(text, wire::record::property::kKeys, key);
  return text;
}

class Compaction : public ::testing::Test {
 protected:
  void open(std::int64_t keys_bytes = 1 << 20) {
    auto options = small_options();
    options.compact_every = milliseconds(1000);
    options.compact_keys_bytes = keys_bytes;
    store_ = must_open(disk_, clock_, options);
    store_->compact_topic("T");
  }
  void kill_and_open() {
    store_.reset();
    disk_.kill();
    open();
  }
  Result<LogPosition> try_put(std::string_view key, std::string_view value) {
    const std::string properties = keyed(key);
    Pending one = pending(*queue(), value, properties);
    return store_->append(std::span(&one, 1));
  }
  void put(std::string_view key, std::string_view value) { ASSERT_TRUE(try_put(key, value)); }
  /// Until there is nothing to do.
  void compact(std::int64_t bytes = 1 << 20) {
    store_->maintain();
    (void)store_->compact(bytes);
    clock_.advance(milliseconds(20'000));
    for (int i = 0; i < 10'000 && store_->compact(bytes); ++i) {
    }
  }
  std::shared_ptr<Queue> queue() { return store_->queue("T", QueueId(0)); }
  using Found = std::vector<std::pair<std::int64_t, std::string>>;
  /// Offsets and bodies, as a reader from the start finds them.
  Found all(QueueOffset from = {}) {
    Found found;
    const auto q = queue();
    for (QueueOffset at = q->first_from(from); at < q->max(); at = q->first_from(at)) {
      std::array<IndexEntry, 3> entries;
      const auto got = q->read(at, entries);
      EXPECT_TRUE(got && *got > 0) << at.value;
      if (!got || *got == 0) return found;
      for (const IndexEntry& entry : std::span(entries).first(*got)) {
        const auto slice = store_->read(entry.position, entry.size);
        EXPECT_TRUE(slice);
        if (!slice) return found;
        const auto record = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record;
        EXPECT_EQ(record.placement.offset, at);
        EXPECT_TRUE(store_->read_record(entry.position));
        found.emplace_back(at.value, as_text(record.message.body));
        at += 1;
      }
    }
    return found;
  }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(Compaction, KeepsTheNewestOfEachKeyAtItsOffset) {
  open();
  put("a", "1"), put("b", "1"), put("a", "2"), put("c", "1"), put("a", "3"), put("b", "2");
  EXPECT_EQ(all().size(), 6u);
  compact();
  EXPECT_EQ(all(), (Found{{3, "1"}, {4, "3"}, {5, "2"}}));
  EXPECT_EQ(queue()->min(), QueueOffset(3));
  EXPECT_EQ(queue()->max(), QueueOffset(6));
  EXPECT_EQ(all(QueueOffset(4)), (Found{{4, "3"}, {5, "2"}}));
  put("d", "1");
  EXPECT_EQ(all(), (Found{{3, "1"}, {4, "3"}, {5, "2"}, {6, "1"}}));
}

TEST_F(Compaction, AnEmptyBodyDeletesItsKey) {
  open();
  put("a", "1"), put("b", "1");
  compact();
  put("a", "");
  put("c", "1");
  compact();
  EXPECT_EQ(all(), (Found{{1, "1"}, {3, "1"}}));
  put("b", ""), put("c", "");
  compact();
  EXPECT_EQ(all(), Found{});
  EXPECT_EQ(queue()->min(), QueueOffset(6));
  put("a", "2");
  EXPECT_EQ(all(), (Found{{6, "2"}}));
}

TEST_F(Compaction, MessagesWithoutAKeyGo) {
  open();
  put("", "1"), put(" ", "2"), put("a", "3");
  compact();
  EXPECT_EQ(all(), (Found{{2, "3"}}));
}

TEST_F(Compaction, WaitsForItsTimeAndForEnoughToDo) {
  open();
  put("a", "1");
  store_->maintain();
  EXPECT_FALSE(store_->compact(1 << 20));
  clock_.advance(milliseconds(999));
  EXPECT_FALSE(store_->compact(1 << 20));
  clock_.advance(milliseconds(1));
  EXPECT_TRUE(store_->compact(1 << 20));
  for (int i = 0; i < 20; ++i) put("k" + std::to_string(i), "1");
  compact();
  put("a", "2");
  compact();
  EXPECT_EQ(all().size(), 22u) << "one new message in 21 is not worth the work";
}

TEST_F(Compaction, TheLogDropsItsFilesOnlyBehindIt) {
  open();
  std::map<std::string, std::pair<std::int64_t, std::string>> newest;
  for (int i = 0; i < 400; ++i) {
    const std::string key = "k" + std::to_string(i % 7), body = "v" + std::to_string(i);
    put(key, body);
    newest[key] = {i, body};
  }
  store_->maintain();
  clock_.advance(milliseconds(10'000));
  store_->maintain();
  EXPECT_EQ(*store_->drop_older_than(milliseconds(1), 2), 0) << "nothing is compacted yet";
  while (store_->compact(1 << 20)) {
  }
  EXPECT_GT(*store_->drop_older_than(milliseconds(1), 100), 4);
  Found expected;
  for (const auto& [key, found] : newest) expected.push_back(found);
  std::ranges::sort(expected);
  EXPECT_EQ(all(), expected);
  kill_and_open();
  EXPECT_EQ(all(), expected);
  ASSERT_TRUE(store_->close());
  store_.reset();
  open();
  EXPECT_EQ(all(), expected);
}

TEST_F(Compaction, MoreKeysThanFitTakeSeveralMergesInLittleMemory) {
  open(64 * 24);  // 48 keys at a time
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) put("k" + std::to_string(i), std::to_string(round));
  }
  store_->maintain();
  for (int i = 0; i < 100; ++i) {
    clock_.advance(milliseconds(2000));
    while (store_->compact(1 << 20)) {
    }
  }
  EXPECT_LT(all().size(), 320u);
  std::map<std::string, int> last;
  for (const auto& [offset, body] : all()) ++last[body];
  EXPECT_EQ(last["2"], 200);
}

TEST_F(Compaction, WorksInSmallSteps) {
  open();
  for (int i = 0; i < 200; ++i) put("k" + std::to_string(i % 10), std::string(100, 'x'));
  store_->maintain();
  (void)store_->compact(1);
  clock_.advance(milliseconds(2000));
  int steps = 0;
  while (store_->compact(1000)) ++steps;
  EXPECT_GT(steps, 30);
  EXPECT_EQ(all().size(), 10u);
}

TEST_F(Compaction, TakesNothingThatAPowerCutCanTakeBack) {
  open();
  put("a", "1"), put("b", "1");
  store_->maintain();
  put("a", "2");
  (void)store_->compact(1 << 20);
  clock_.advance(milliseconds(2000));
  while (store_->compact(1 << 20)) {
  }
  store_.reset();
  disk_.cut_power();
  open();
  EXPECT_EQ(all(), (Found{{0, "1"}, {1, "1"}}));
  put("c", "1");
  EXPECT_EQ(all(), (Found{{0, "1"}, {1, "1"}, {2, "1"}}));
}

TEST_F(Compaction, ATopicTakesItsFilesWithIt) {
  open();
  put("a", "1"), put("a", "2");
  compact();
  EXPECT_TRUE(disk_.exists("/r/sluice.compacted/T"));
  ASSERT_TRUE(store_->remove_topic("T"));
  EXPECT_FALSE(disk_.exists("/r/sluice.compacted/T"));
  store_->compact_topic("T");
  put("a", "3");
  EXPECT_EQ(all(), (Found{{0, "3"}}));
}

TEST_F(Compaction, OtherTopicsAreLeftAlone) {
  open();
  const std::string properties = keyed("a");
  const auto other = store_->queue("U", QueueId(0));
  for (const char* body : {"1", "2"}) {
    Pending one = pending(*other, body, properties);
    ASSERT_TRUE(store_->append(std::span(&one, 1)));
  }
  compact();
  EXPECT_EQ(testing::bodies_of(*store_, *other).size(), 2u);
}

TEST_F(Compaction, DamageStopsTheStartAndNamesTheFile) {
  open();
  put("a", "1"), put("a", "2");
  compact();
  ASSERT_TRUE(store_->close());
  store_.reset();
  disk_.flip_byte("/r/sluice.compacted/T/0/table", 48 + 10);
  const auto again = MessageStore::open(disk_, clock_, small_options());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Errc::corrupt);
  EXPECT_NE(again.error().remark().find("/r/sluice.compacted/T/0/table"), std::string_view::npos);
}

TEST_F(Compaction, ADamagedRowIsSaidToTheReader) {
  open();
  put("a", "1"), put("a", "2");
  compact();
  ASSERT_TRUE(store_->close());
  store_.reset();
  disk_.flip_byte("/r/sluice.compacted/T/0/table", 20);
  open();
  std::array<IndexEntry, 1> entry;
  const auto got = queue()->read(QueueOffset(1), entry);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Errc::corrupt);
}

TEST_F(Compaction, TimesOfGapsAreThoseOfWhatFollows) {
  open();
  for (const char* key : {"a", "b", "a", "c", "b"}) {
    clock_.advance(milliseconds(10'000));
    put(key, "v");
  }
  const WallTime last = clock_.wall();
  compact();
  ASSERT_EQ(all().size(), 3u);  // 2, 3, 4
  const auto at = [&](milliseconds before, MessageStore::Boundary boundary) {
    return store_->offset_at(*queue(), last - before, boundary)->value;
  };
  using enum MessageStore::Boundary;
  EXPECT_EQ(at(milliseconds(60'000), lower), 2);
  EXPECT_EQ(at(milliseconds(20'000), lower), 2);
  EXPECT_EQ(at(milliseconds(19'000), lower), 3);
  EXPECT_EQ(at(milliseconds(-1), lower), 5);
  EXPECT_EQ(at(milliseconds(19'000), upper), 2);
  EXPECT_EQ(at(milliseconds(-1), upper), 4);
}

}  // namespace
}  // namespace sluice::store
