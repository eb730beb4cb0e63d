#include "store/key_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::must_open;
using testing::pending;
using testing::small_options;

std::string properties(std::string_view unique, std::string_view keys) {
  std::string text;
  if (!unique.empty())
    wire::record::append_property(text, wire::record::property::kUniqueKey, unique);
  if (!keys.empty()) wire::record::append_property(text, wire::record::property::kKeys, keys);
  return text;
}

class Keys : public ::testing::Test {
 protected:
  Keys() { open(); }
  void open() {
    store_ = must_open(disk_, clock_, small_options());
    ASSERT_NE(store_, nullptr);
  }
  void reopen_clean() {
    ASSERT_TRUE(store_->close());
    store_.reset();
    open();
  }
  void reopen_killed() {
    store_.reset();
    disk_.kill();
    open();
  }
  void index() {
    while (store_->index_keys()) {
    }
  }
  /// Flushes the log, and then the key index, for which it is time.
  void flush() {
    clock_.advance(milliseconds(10'000));
    index();
    store_->maintain();
  }
  void add(std::string_view body, std::string_view unique, std::string_view keys = {},
           std::int32_t sys_flag = 0, std::string_view topic = "T") {
    const std::string text = properties(unique, keys);
    auto queue = store_->queue(topic, QueueId(0));
    std::vector<Pending> batch = {pending(*queue, body, text)};
    batch[0].message.sys_flag = sys_flag;
    ASSERT_TRUE(store_->append(batch));
  }
  std::vector<std::string> find(KeyQuery query) const {
    if (query.topic.empty()) query.topic = "T";
    if (query.to_ms == 0) query.to_ms = std::numeric_limits<std::int64_t>::max();
    if (query.max == 0) query.max = 64;
    const auto found = store_->find_by_key(query);
    EXPECT_TRUE(found) << found.error().remark();
    std::vector<std::string> bodies;
    for (const Slice& record : found->records) {
      bodies.emplace_back(as_text(
          wire::record::scan(record.bytes, wire::record::CrcCheck::verify).record.message.body));
    }
    return bodies;
  }
  std::vector<std::string> find(std::string_view key) const { return find(KeyQuery{.key = key}); }
  std::vector<std::string> files() { return *disk_.list("/r/index"); }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(Keys, FindsByUniqueKeyAndByEachWord) {
  add("one", "U1", "a b");
  add("two", "U2", "b  c b");
  index();
  EXPECT_THAT(find("U1"), ElementsAre("one"));
  EXPECT_THAT(find("a"), ElementsAre("one"));
  EXPECT_THAT(find("b"), ElementsAre("one", "two"));
  EXPECT_THAT(find("c"), ElementsAre("two"));
  EXPECT_THAT(find("a b"), IsEmpty());
  EXPECT_THAT(find({.key = "U2", .unique_only = true}), ElementsAre("two"));
  EXPECT_THAT(find({.key = "b", .unique_only = true}), IsEmpty());
  EXPECT_THAT(find({.topic = "other", .key = "b"}), IsEmpty());
}

TEST_F(Keys, ShowsNoMessageOfAnotherKeyWithTheSameHash) {
  add("one", {}, "Aa");
  add("two", {}, "BB");
  index();
  EXPECT_THAT(find("Aa"), ElementsAre("one"));
  EXPECT_THAT(find("BB"), ElementsAre("two"));
}

TEST_F(Keys, GivesTheNewestInTheTimeRangeOldestFirst) {
  const std::int64_t start = unix_ms(clock_.wall());
  for (const char* body : {"0", "1", "2", "3", "4"}) {
    add(body, {}, "k");
    clock_.advance(milliseconds(700));
  }
  index();
  EXPECT_THAT(find({.key = "k", .max = 2}), ElementsAre("3", "4"));
  EXPECT_THAT(find({.key = "k", .from_ms = start + 700, .to_ms = start + 2100}),
              ElementsAre("1", "2", "3"));
  EXPECT_THAT(find({.key = "k", .from_ms = start + 701, .to_ms = start + 2099}), ElementsAre("2"));
  EXPECT_THAT(find({.key = "k", .from_ms = start + 9000}), IsEmpty());
}

TEST_F(Keys, TellsHowFarTheIndexIs) {
  add("one", "U1");
  clock_.advance(milliseconds(5));
  const auto second = store_->end();
  add("two", "U2");
  index();
  const auto found = store_->find_by_key({.topic = "T", .key = "U1", .to_ms = 1, .max = 1});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->last, second);
  EXPECT_EQ(found->last_ms, unix_ms(clock_.wall()));
}

TEST_F(Keys, LeavesOutRolledBackMessagesAndThoseWithoutKeys) {
  using namespace wire::record;
  add("prepared", {}, "k", kTransactionPrepared);
  add("rolled back", {}, "k", kTransactionRollback);
  add("committed", {}, "k", kTransactionCommit);
  add("none", {});
  index();
  EXPECT_THAT(find("k"), ElementsAre("prepared", "committed"));
}

TEST_F(Keys, MakesNoFileUntilThereIsAKey) {
  add("none", {});
  index();
  reopen_clean();
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(Keys, GoesOnInANextFileAndFindsInAll) {
  for (int i = 0; i < 100; ++i) add(std::to_string(i), "U" + std::to_string(i), "k");
  index();
  EXPECT_EQ(files().size(), 6u);  // 39 entries each, two of a record in the same file
  EXPECT_EQ(find("k").size(), 64u);
  EXPECT_EQ(find("k").back(), "99");
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(find("U" + std::to_string(i)), ElementsAre(std::to_string(i)));
  }
  reopen_clean();
  EXPECT_EQ(find("k").front(), "36");
}

TEST_F(Keys, DropsFilesWithTheLogsOldestSegments) {
  for (int i = 0; i < 100; ++i) add(std::to_string(i), "U" + std::to_string(i), "k");
  index();
  const auto before = files();
  add("last", "U", "k");
  clock_.advance(milliseconds(100'000));
  store_->maintain();
  ASSERT_GT(*store_->drop_older_than(milliseconds(1000), 2), 0);
  EXPECT_LT(files().size(), before.size());
  EXPECT_THAT(find("U0"), IsEmpty());
  EXPECT_THAT(find("U99"), ElementsAre("99"));
  flush();
  reopen_killed();
  index();
  EXPECT_THAT(find("U99"), ElementsAre("99"));
}

TEST_F(Keys, GoesOnAfterARestartWithoutReadingTheLogAgain) {
  for (int i = 0; i < 10; ++i) add(std::to_string(i), "U" + std::to_string(i));
  index();
  reopen_clean();
  EXPECT_THAT(find("U9"), ElementsAre("9"));
  EXPECT_FALSE(store_->index_keys());
  add("more", "M");
  index();
  EXPECT_THAT(find("U0"), ElementsAre("0"));
  EXPECT_THAT(find("M"), ElementsAre("more"));
}

TEST_F(Keys, BuildsTheIndexOfALogThatHadNone) {
  for (int i = 0; i < 100; ++i) add(std::to_string(i), "U" + std::to_string(i));
  reopen_clean();
  EXPECT_THAT(find("U7"), IsEmpty());
  index();
  EXPECT_THAT(find("U7"), ElementsAre("7"));
}

class KeysRebuilt : public Keys, public ::testing::WithParamInterface<int> {};

TEST_P(KeysRebuilt, AfterAFileWasDamagedOrIsMissing) {
  log::set_level(log::Level::off);
  for (int i = 0; i < 100; ++i) add(std::to_string(i), "U" + std::to_string(i), "k");
  index();
  ASSERT_TRUE(store_->close());
  const auto names = files();
  const std::string path = "/r/index/" + names[static_cast<std::size_t>(GetParam() % 6)];
  if (GetParam() < 6) {
    ASSERT_TRUE(disk_.remove(path));
  } else {
    disk_.flip_byte(path, 36);
  }
  store_.reset();
  open();
  index();
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(find("U" + std::to_string(i)), ElementsAre(std::to_string(i)));
  }
  EXPECT_EQ(find("k").size(), 64u);
  log::set_level(log::Level::info);
}

INSTANTIATE_TEST_SUITE_P(EachFile, KeysRebuilt, ::testing::Range(0, 12));

TEST_F(Keys, AnEmptyNewFileHidesNoMissingOne) {
  for (int i = 0; i < 100; ++i) add(std::to_string(i), "U" + std::to_string(i));
  flush();
  store_.reset();
  disk_.kill();
  ASSERT_TRUE(disk_.remove("/r/index/" + files().back()));
  ASSERT_TRUE(KeyFile::create(disk_, "/r/index", "99990101000000000", small_options().keys));
  open();
  index();
  EXPECT_THAT(find("U99"), ElementsAre("99"));
}

enum class Crash : std::uint8_t { kill, cut_power, cut_power_keeping_some };

class KeysAfter : public Keys, public ::testing::WithParamInterface<Crash> {
 protected:
  void crash(std::mt19937_64& chance) {
    store_.reset();
    if (GetParam() == Crash::kill) disk_.kill();
    if (GetParam() == Crash::cut_power) disk_.cut_power();
    if (GetParam() == Crash::cut_power_keeping_some) disk_.cut_power(&chance);
    disk_.fail_from(std::numeric_limits<std::int64_t>::max());
  }
  void work(int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string text = properties("U" + std::to_string(i), "k");
      auto queue = store_->queue("T", QueueId(0));
      const std::string body = std::to_string(i);
      std::vector<Pending> batch = {pending(*queue, body, text)};
      if (!store_->append(batch)) return;
      if (i % 3 == 0) store_->index_keys();
      if (i % 7 != 0) continue;
      clock_.advance(milliseconds(10'000));
      store_->index_keys();
      store_->maintain();
    }
  }
  /// What the log still has. A record's checksum covers the body only: of one that a power cut has
  /// left with torn properties, the start knows if a whole piece of them is lost and cuts the log
  /// there, so what a search must find is what the properties say.
  void read_log(std::vector<std::string>& with_unique, std::vector<std::string>& with_k) {
    using namespace wire::record;
    auto queue = store_->queue("T", QueueId(0));
    for (QueueOffset at; at < queue->max(); at += 1) {
      IndexEntry entry;
      ASSERT_TRUE(queue->read(at, std::span(&entry, 1)));
      const auto record = store_->read_record(entry.position);
      ASSERT_TRUE(record);
      const Message found = scan(record->bytes, CrcCheck::skip).record.message;
      const std::string body(as_text(found.body));
      if (find_property(found.properties, property::kUniqueKey) == "U" + body) {
        with_unique.push_back(body);
      }
      if (find_property(found.properties, property::kKeys) == "k") with_k.push_back(body);
    }
  }
  /// Everything the log still has is found, once.
  void check() {
    index();
    std::vector<std::string> with_unique, with_k;
    read_log(with_unique, with_k);
    for (const std::string& body : with_unique) ASSERT_THAT(find("U" + body), ElementsAre(body));
    if (with_k.size() > 64) with_k.erase(with_k.begin(), with_k.end() - 64);
    ASSERT_EQ(find("k"), with_k);
  }
};

INSTANTIATE_TEST_SUITE_P(Any, KeysAfter,
                         ::testing::Values(Crash::kill, Crash::cut_power,
                                           Crash::cut_power_keeping_some));

TEST_P(KeysAfter, ACrashAnywhereFindEachMessageOnce) {
  log::set_level(log::Level::off);
  for (std::int64_t at = 0; at < 400; ++at) {
    std::mt19937_64 chance(static_cast<std::uint64_t>(at));
    store_.reset();
    std::destroy_at(&disk_);
    std::construct_at(&disk_);
    open();
    disk_.fail_from(disk_.changes() + at);
    work(0, 60);
    crash(chance);
    open();
    check();
    work(1000, 1030);
    check();
    crash(chance);
    open();
    check();
    if (HasFatalFailure()) FAIL() << "change " << at;
  }
  log::set_level(log::Level::info);
}

TEST_F(Keys, BoundTheWorkOfASearch) {
  for (int i = 0; i < 300; ++i) add("x", {}, "Aa");
  add("y", {}, "BB");
  index();
  EXPECT_THAT(find("BB"), ElementsAre("y"));
  for (int i = 0; i < 300; ++i) add("x", {}, "Aa");
  index();
  const auto found = store_->find_by_key(
      {.topic = "T", .key = "BB", .to_ms = std::numeric_limits<std::int64_t>::max(), .max = 1});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->complete);
  EXPECT_THAT(found->records, IsEmpty());
}

}  // namespace
}  // namespace sluice::store
