#include "broker/lease_change.h"

#include <limits>
#include <utility>

#include <gtest/gtest.h>

namespace sluice::broker {
namespace {

using delivery::LeaseQueue;
using Kind = LeaseChange::Kind;

WallTime at(std::int64_t ms) { return from_unix_ms(1'700'000'000'000 + ms); }

LeaseChange leased(std::initializer_list<std::int64_t> offsets) {
  LeaseChange change{.kind = Kind::leased, .group = "g", .topic = "t", .queue = QueueId(3)};
  change.next = QueueOffset(100);
  change.lease = {at(1), at(50)};
  for (const auto offset : offsets) change.items.push_back({QueueOffset(offset), 2});
  return change;
}

TEST(LeaseChange, ReadsWhatItWrote) {
  Buffer body;
  const LeaseChange one = leased({5, 6, 4, 70'000});
  encode(one, body);
  encode({.kind = Kind::reset, .group = "g2", .topic = "t2", .next = QueueOffset(7)}, body);
  LeaseChanges changes(body.bytes());
  LeaseChange read;
  ASSERT_TRUE(changes.next(read));
  EXPECT_EQ(read.kind, Kind::leased);
  EXPECT_EQ(read.group, "g");
  EXPECT_EQ(read.topic, "t");
  EXPECT_EQ(read.queue, QueueId(3));
  EXPECT_EQ(read.next, QueueOffset(100));
  EXPECT_EQ(read.lease.stamp, at(1));
  EXPECT_EQ(read.lease.deadline, at(50));
  EXPECT_EQ(read.items, one.items);
  ASSERT_TRUE(changes.next(read));
  EXPECT_EQ(read.kind, Kind::reset);
  EXPECT_TRUE(read.items.empty());
  EXPECT_TRUE(changes.done());
}

TEST(LeaseChange, KeepsWhatTheClocksShowed) {
  Buffer body;
  encode(delivery::LeaseClockNote{at(5), at(-70'000)}, body);
  LeaseChange read;
  ASSERT_TRUE(LeaseChanges(body.bytes()).next(read));
  EXPECT_EQ(read.kind, Kind::clock);
  EXPECT_EQ(read.lease.stamp, at(5));
  EXPECT_EQ(read.lease.deadline, at(-70'000));
}

TEST(LeaseChange, RefusesEveryCutAndNegativeNumbers) {
  Buffer body;
  encode(leased({5, 6}), body);
  for (std::size_t size = 1; size < body.size(); ++size) {
    LeaseChanges changes(body.bytes().first(size));
    LeaseChange read;
    EXPECT_FALSE(changes.next(read)) << size;
  }
  Buffer negative;
  encode(leased({-5}), negative);
  LeaseChange read;
  EXPECT_FALSE(LeaseChanges(negative.bytes()).next(read));
}

TEST(LeaseChange, AStateComesBackFromItsChanges) {
  LeaseQueue state(QueueOffset(10));
  const std::vector<LeaseQueue::Fate> fates(40, LeaseQueue::Fate::lease);
  state.advance(fates, {at(0), at(60)});
  state.acknowledge(QueueOffset(10), at(0));
  state.put_off(QueueOffset(20), at(0), {at(5), at(30)});
  state.expire(at(30));
  Buffer body;
  encode_state(state, {.group = "g", .topic = "t"}, body);
  LeaseQueue copy(QueueOffset(0));
  LeaseChange change;
  for (LeaseChanges changes(body.bytes()); !changes.done();) {
    ASSERT_TRUE(changes.next(change));
    apply(change, copy);
  }
  EXPECT_EQ(copy.floor(), state.floor());
  EXPECT_EQ(copy.next(), state.next());
  EXPECT_EQ(copy.leased(), state.leased());
  ASSERT_TRUE(copy.next_ready(QueueOffset(0)));
  EXPECT_EQ(copy.next_ready(QueueOffset(0))->offset, QueueOffset(20));
  EXPECT_EQ(copy.acknowledge(QueueOffset(20), at(5)), LeaseQueue::Outcome::done);
}

TEST(LeaseChange, AppliedTwiceComesToTheSame) {
  LeaseQueue state(QueueOffset(0));
  const LeaseChange taken = leased({0, 1, 2});
  LeaseChange finished = taken;
  finished.kind = Kind::finished;
  for (int round = 0; round < 2; ++round) {
    apply(taken, state);
    apply(finished, state);
    EXPECT_EQ(state.floor(), QueueOffset(100));
    EXPECT_EQ(state.unfinished(), 0U);
  }
}

TEST(LeaseChange, TimesThatCannotBeCalculatedWithAreRefused) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() - 1;
  for (const auto& [wall, now] : {std::pair(kFar, -kFar), {-kFar, kFar}, {0L, kFar}}) {
    Buffer body;
    encode(delivery::LeaseClockNote{from_unix_ms(wall), from_unix_ms(now)}, body);
    LeaseChange read;
    EXPECT_FALSE(LeaseChanges(body.bytes()).next(read)) << wall << ' ' << now;
  }
}

}  // namespace
}  // namespace sluice::broker
