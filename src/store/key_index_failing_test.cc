// The key index on a disk that fails or loses files: what is tried again, and what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "store/testing/store_fixture.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace {

using ::testing::ElementsAreArray;
using testing::must_open;
using testing::pending;
using testing::small_options;

class KeysOnAFailingDisk : public ::testing::Test {
 protected:
  KeysOnAFailingDisk() {
    log::set_level(log::Level::off);
    open();
  }
  ~KeysOnAFailingDisk() override { log::set_level(log::Level::info); }
  void open() { store_ = must_open(disk_, clock_, small_options()); }

  bool append(std::string_view body) {
    std::string text;
    wire::record::append_property(text, wire::record::property::kKeys, "k");
    const auto queue = store_->queue("T", QueueId(0));
    std::vector<Pending> batch = {pending(*queue, body, text)};
    return store_->append(batch).has_value();
  }
  void add() {
    all_.push_back("m" + std::to_string(all_.size()));
    ASSERT_TRUE(append(all_.back()));
  }
  /// All that there is, and a flush, for which it is time.
  void index() {
    clock_.advance(milliseconds(10'000));
    while (store_->index_keys()) {
    }
  }
  std::vector<std::string> found() {
    const auto got = store_->find_by_key(
        {.topic = "T", .key = "k", .to_ms = std::numeric_limits<std::int64_t>::max(), .max = 64});
    EXPECT_TRUE(got) << got.error().remark();
    std::vector<std::string> bodies;
    for (const Slice& record : got->records) {
      bodies.emplace_back(as_text(
          wire::record::scan(record.bytes, wire::record::CrcCheck::verify).record.message.body));
    }
    return bodies;
  }

  testing::MemoryDisk disk_;
  ManualClock clock_;
  std::unique_ptr<MessageStore> store_;
  std::vector<std::string> all_;
};

TEST_F(KeysOnAFailingDisk, CatchUpAfterItWasFull) {
  add();
  index();
  add();
  disk_.fail_once(disk_.changes(), Errc::disk_full);
  index();
  ASSERT_TRUE(store_->health());
  index();
  EXPECT_THAT(found(), ElementsAreArray(all_));
}

TEST_F(KeysOnAFailingDisk, AreWrittenNoMoreUntilTheNextStart) {
  std::int64_t at = 0;
  for (bool failed = true; failed && !HasFailure(); ++at) {
    SCOPED_TRACE(at);
    add();
    disk_.fail_once(disk_.changes() + at);
    index();
    failed = !store_->health();
    if (!failed) break;
    const std::int64_t changes = disk_.changes();
    index();
    index();
    EXPECT_EQ(disk_.changes(), changes) << "nothing is tried again";
    EXPECT_FALSE(append("more")) << "and the log takes no more";
    store_.reset();
    disk_.kill();
    open();
    index();
    store_.reset();
    disk_.cut_power();
    open();
    index();
    EXPECT_THAT(found(), ElementsAreArray(all_)) << "but all is found again";
  }
  EXPECT_GT(at, 5) << "an index is written in that many changes";
}

TEST_F(KeysOnAFailingDisk, WhoseFilesAreGoneAreMadeAgainThoughAKillComesBetween) {
  for (int i = 0; i < 60; ++i) add();
  index();
  store_->maintain();  // with a checkpoint the mark is believed
  store_.reset();
  disk_.kill();
  for (const std::string& name : *disk_.list("/r/index")) {
    ASSERT_TRUE(disk_.remove("/r/index/" + name));
  }
  clock_.advance(milliseconds(1000));
  open();
  EXPECT_FALSE(store_->index_keys());
  ASSERT_EQ(disk_.list("/r/index")->size(), 2u) << "one of them is full, so written out";
  store_.reset();
  disk_.kill();
  open();
  index();
  EXPECT_THAT(found(), ElementsAreArray(all_)) << "no mark of the files before hides some";
}

}  // namespace
}  // namespace sluice::store
