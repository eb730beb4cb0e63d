#include "delivery/queue_locks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SteadyTime kStart{milliseconds(1000)};
const QueueLocks::QueueName kQueue0{"t", QueueId(0)};
const QueueLocks::QueueName kQueue1{"t", QueueId(1)};

TEST(QueueLocks, GiveAQueueToOneClientOnly) {
  QueueLocks locks;
  EXPECT_THAT(locks.lock("g", "a", {kQueue0}, kStart), ElementsAre(kQueue0));
  EXPECT_THAT(locks.lock("g", "b", {kQueue0, kQueue1}, kStart), ElementsAre(kQueue1));
  EXPECT_THAT(locks.lock("other", "b", {kQueue0}, kStart), ElementsAre(kQueue0));
}

TEST(QueueLocks, RunOutUnlessRenewed) {
  QueueLocks locks;
  locks.lock("g", "a", {kQueue0}, kStart);
  const auto later = kStart + QueueLocks::kLease - milliseconds(1);
  EXPECT_THAT(locks.lock("g", "b", {kQueue0}, later), IsEmpty());
  locks.lock("g", "a", {kQueue0}, later);
  EXPECT_THAT(locks.lock("g", "b", {kQueue0}, kStart + QueueLocks::kLease), IsEmpty());
  EXPECT_THAT(locks.lock("g", "b", {kQueue0}, later + QueueLocks::kLease), ElementsAre(kQueue0));
}

TEST(QueueLocks, AreGivenBackByTheirHolderOnly) {
  QueueLocks locks;
  locks.lock("g", "a", {kQueue0}, kStart);
  locks.unlock("g", "b", {kQueue0});
  EXPECT_THAT(locks.lock("g", "b", {kQueue0}, kStart), IsEmpty());
  locks.unlock("g", "a", {kQueue0});
  EXPECT_THAT(locks.lock("g", "b", {kQueue0}, kStart), ElementsAre(kQueue0));
}

TEST(QueueLocks, AnySeesUnexpiredLeasesOnly) {
  QueueLocks locks;
  EXPECT_FALSE(locks.any("g", kStart));
  locks.lock("g", "a", {kQueue0}, kStart);
  EXPECT_TRUE(locks.any("g", kStart));
  EXPECT_FALSE(locks.any("g", kStart + QueueLocks::kLease));
  locks.expire(kStart + QueueLocks::kLease);
  EXPECT_FALSE(locks.any("g", kStart));
}

}  // namespace
}  // namespace sluice::delivery
