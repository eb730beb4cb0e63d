#include "store/due_index.h"

#include <limits>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "store/testing/memory_disk.h"

namespace sluice::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

DueEntry entry(std::int64_t due, std::int64_t position) { return {{due, position}, 100}; }

class DueIndexTest : public ::testing::Test {
 protected:
  DueIndexTest() { open(); }
  void open() {
    auto opened = DueIndex::open(disk_, "timers");
    ASSERT_TRUE(opened) << opened.error().remark();
    index_ = std::move(*opened);
  }
  void checkpoint() {
    const auto made = index_->prepare({.waiting = QueueOffset(7)});
    const auto written = index_->write(*made);
    ASSERT_TRUE(written) << written.error().remark();
    index_->install(*made);
  }
  int merge() {
    int merges = 0;
    for (; auto plan = index_->plan_merge(); ++merges) {
      EXPECT_TRUE(index_->write(*plan));
      EXPECT_TRUE(index_->install(*plan));
      checkpoint();
    }
    return merges;
  }
  /// Takes up to `max` that are due, and is done with them.
  std::vector<std::int64_t> take(std::int64_t until = kAll, std::size_t max = 1'000'000) {
    std::vector<std::int64_t> positions;
    while (positions.size() < max) {
      const auto next = index_->next(until);
      EXPECT_TRUE(next) << next.error().remark();
      if (!next || !*next) break;
      positions.push_back((*next)->key.position);
    }
    index_->consume();
    return positions;
  }
  testing::MemoryDisk disk_;
  std::unique_ptr<DueIndex> index_;
};

TEST_F(DueIndexTest, GivesWhatIsDueInOrderFromMemoryAndFiles) {
  index_->add(entry(30, 1));
  index_->add(entry(10, 2));
  checkpoint();
  index_->add(entry(20, 3));
  index_->add(entry(10, 1));
  EXPECT_THAT(take(20), ElementsAre(1, 2, 3));
  EXPECT_THAT(take(29), IsEmpty());
  EXPECT_THAT(take(30), ElementsAre(1));
}

TEST_F(DueIndexTest, WhatWasGivenComesAgainUntilItIsConsumed) {
  index_->add(entry(10, 1));
  ASSERT_TRUE(*index_->next(kAll));
  EXPECT_FALSE(*index_->next(kAll));
  index_->rewind();
  EXPECT_THAT(take(), ElementsAre(1));
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(DueIndexTest, KnowsAfterARestartWhatTheLastCheckpointKnew) {
  for (int i = 0; i < 10; ++i) index_->add(entry(i, i));
  take(3);
  index_->remove({7, 7});
  checkpoint();
  take(5);  // forgotten: the caller learns it from the log
  open();
  EXPECT_EQ(index_->opened_at().waiting, QueueOffset(7));
  EXPECT_THAT(take(), ElementsAre(4, 5, 6, 8, 9));
}

TEST_F(DueIndexTest, AHeldEntryIsNotPassed) {
  index_->add(entry(10, 1));
  index_->add(entry(11, 2));
  EXPECT_EQ(index_->hold({10, 1}).value(), DueIndex::State::waiting);
  EXPECT_EQ(index_->hold({10, 1}).value(), DueIndex::State::held);
  EXPECT_EQ(index_->hold({10, 2}).value(), DueIndex::State::unknown);
  EXPECT_THAT(take(), IsEmpty());
  index_->release({10, 1}, DueIndex::Release::as_before);
  EXPECT_EQ(index_->hold({10, 1}).value(), DueIndex::State::waiting);
  index_->release({10, 1}, DueIndex::Release::removed);
  EXPECT_EQ(index_->hold({10, 1}).value(), DueIndex::State::removed);
  EXPECT_THAT(take(), ElementsAre(2));
}

TEST_F(DueIndexTest, TellsThatAnEntryIsBeingDelivered) {
  index_->add(entry(10, 1));
  ASSERT_TRUE(*index_->next(kAll));
  EXPECT_EQ(index_->hold({10, 1}).value(), DueIndex::State::taken);
}

TEST_F(DueIndexTest, MergesRunsWhileTheyAreUsedUp) {
  for (int run = 0; run < 8; ++run) {
    for (int i = 0; i < 100; ++i) index_->add(entry(i, run * 1000 + i));
    checkpoint();
  }
  const auto plan = index_->plan_merge();
  ASSERT_TRUE(plan);
  EXPECT_EQ(take(9).size(), 80u);
  ASSERT_TRUE(index_->write(*plan));
  EXPECT_EQ(take(19).size(), 80u);
  index_->remove({50, 3050});
  ASSERT_TRUE(index_->install(*plan));
  checkpoint();
  open();
  EXPECT_EQ(take().size(), 639u);
  EXPECT_EQ(disk_.list("timers")->size(), 3u) << "the run, the table and the one before it";
}

TEST_F(DueIndexTest, FindsWhatLiesBelowAPosition) {
  for (int i = 0; i < 5000; ++i) index_->add(entry(i % 7, i));
  checkpoint();
  EXPECT_EQ(index_->min_position(), 0);
  const auto walk = index_->walk_below(1000);
  std::set<std::int64_t> found;
  for (bool more = true; more;) {
    const auto some = index_->step(*walk, 64);
    ASSERT_TRUE(some);
    more = !some->empty();
    for (const DueEntry& one : *some) {
      found.insert(one.key.position);
      index_->remove(one.key);
    }
    ASSERT_TRUE(index_->kill_last(*walk));
  }
  EXPECT_EQ(found.size(), 1000u);
  EXPECT_EQ(*found.rbegin(), 999);
  EXPECT_EQ(index_->min_position(), 1000);
  EXPECT_EQ(take().size(), 4000u);
}

TEST_F(DueIndexTest, ADamagedFileIsNotedAndGivesNothing) {
  log::set_level(log::Level::off);
  index_->add(entry(10, 1));
  checkpoint();
  disk_.flip_byte("timers/00000000000000000001.due", 30);
  open();
  log::set_level(log::Level::info);
  EXPECT_EQ(index_->opened_at(), DueMark{});
  EXPECT_THAT(take(), IsEmpty());
  index_->add(entry(10, 1));
  checkpoint();
  open();
  EXPECT_THAT(take(), ElementsAre(1));
}

/// Against a plain set: adding, taking, removing, checkpoints, merges and restarts in any order. A
/// restart goes back to the last checkpoint, and so does the set.
TEST_F(DueIndexTest, DoesWhatASetDoes) {
  std::mt19937_64 dice(11);
  std::set<std::pair<std::int64_t, std::int64_t>> model, written;
  const auto add = [&](std::int64_t position) {
    const auto due = static_cast<std::int64_t>(dice() % 50);
    index_->add(entry(due, position));
    model.emplace(due, position);
  };
  for (int round = 0; round < 3000; ++round) {
    switch (dice() % 8) {
      case 0:
      case 1:
      case 2:
        for (int i = 0; i < 5; ++i) add(round * 10 + i);
        break;
      case 3:
        for (const std::int64_t position :
             take(static_cast<std::int64_t>(dice() % 60), dice() % 9)) {
          ASSERT_EQ(position, model.begin()->second);
          model.erase(model.begin());
        }
        break;
      case 4:
        if (!model.empty()) {
          const auto one =
              *std::next(model.begin(), static_cast<std::ptrdiff_t>(dice() % model.size()));
          index_->remove({one.first, one.second});
          model.erase(one);
        }
        break;
      case 5:
        checkpoint();
        written = model;
        break;
      case 6:
        if (merge() > 0) written = model;
        break;
      default:
        if (dice() % 4 > 0) break;
        open();
        model = written;
    }
    std::vector<std::pair<std::int64_t, std::int64_t>> listed;
    for (const DueEntry& one : index_->list({0, 0}, 1'000'000).value()) {
      listed.emplace_back(one.key.due_ms, one.key.position);
    }
    ASSERT_EQ(listed, std::vector(model.begin(), model.end())) << round;
  }
}

}  // namespace
}  // namespace sluice::store
