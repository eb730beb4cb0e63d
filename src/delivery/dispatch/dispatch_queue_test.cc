// How dispatch goes with its queue: gaps, messages for later, restarts, resets.
#include <utility>

#include <gtest/gtest.h>

#include "delivery/dispatch/dispatch.h"
#include "delivery/dispatch/testing/fake_queue.h"

namespace sluice::delivery {
namespace {

Plan plan(Model model, Mode mode) {
  Plan plan;
  plan.model = model;
  plan.mode = mode;
  plan.keys = KeyRanges::Kind::split;
  return plan;
}

TEST(DispatchQueue, MissingMessagesCountAsFinished) {
  testing::FakeQueue queue;
  for (int i = 0; i < 10; ++i) queue.append(0);
  for (const int gone : {0, 1, 4, 8, 9}) queue.erase(QueueOffset(gone));
  Dispatch dispatch(plan(Model::push, Mode::exclusive), LeaseQueue(QueueOffset(0)), queue);
  ASSERT_TRUE(dispatch.join({1, "a"}, from_unix_ms(0)));
  dispatch.add_permits(1, 100);
  EXPECT_EQ(dispatch.push(queue, from_unix_ms(0)).deliveries.size(), 5U);
  EXPECT_EQ(dispatch.progress().queue().floor(), QueueOffset(2));
  EXPECT_EQ(dispatch.acknowledge_to(1, QueueOffset(9), from_unix_ms(0)).value(),
            Dispatch::Outcome::done);
  EXPECT_EQ(dispatch.progress().queue().floor(), QueueOffset(10));
}

TEST(DispatchQueue, GoesOnAfterARestartFromWhatTheQueueSays) {
  testing::FakeQueue queue;
  for (int i = 0; i < 4; ++i) queue.append(1);
  const Plan timed = plan(Model::pop, Mode::key_shared);
  Dispatch before(timed, LeaseQueue(QueueOffset(0)), queue);
  ASSERT_TRUE(before.join({1, "a"}, from_unix_ms(0)));
  const Pop two{1, 2, milliseconds(50), 0};
  const Decision out = before.pop(queue, two, from_unix_ms(1)).value();
  LeaseQueue copy(before.progress().queue().floor());
  copy.restore_next(before.progress().queue().next());
  before.progress().queue().for_each([&](const auto& message) { copy.restore(message); });

  Dispatch after(timed, copy, queue);
  ASSERT_TRUE(after.join({1, "a"}, from_unix_ms(2)));
  EXPECT_TRUE(after.pop(queue, two, from_unix_ms(2)).value().deliveries.empty());
  EXPECT_EQ(after.acknowledge({1, QueueOffset(0), out.deliveries[0].stamp}, from_unix_ms(3)),
            Dispatch::Outcome::done);
  const Decision again = after.pop(queue, two, from_unix_ms(51)).value();
  ASSERT_EQ(again.deliveries.size(), 2U);
  EXPECT_EQ(again.deliveries[0].offset, QueueOffset(1));
  EXPECT_EQ(again.deliveries[0].attempts, 1);

  Dispatch pushed(plan(Model::push, Mode::exclusive), LeaseQueue(QueueOffset(0)), queue);
  ASSERT_TRUE(pushed.join({7, "a"}, from_unix_ms(0)));
  pushed.add_permits(7, 1);
  EXPECT_EQ(pushed.push(queue, from_unix_ms(0)).deliveries.size(), 1U);
  Dispatch restored(plan(Model::push, Mode::exclusive), pushed.progress().queue(), queue);
  ASSERT_TRUE(restored.join({1, "b"}, from_unix_ms(0)));
  restored.add_permits(1, 9);
  EXPECT_EQ(restored.push(queue, from_unix_ms(0)).deliveries.size(), 4U);
}

TEST(DispatchQueue, AMessageForLaterComesThenAndNotAsAFailure) {
  for (const auto& [mode, at_once] : {std::pair(Mode::shared, 1U), std::pair(Mode::key_shared, 1U),
                                      std::pair(Mode::exclusive, 2U)}) {
    testing::FakeQueue queue;
    queue.delay(queue.append(1), from_unix_ms(50));
    queue.append(1);
    Dispatch dispatch(plan(Model::push, mode), LeaseQueue(QueueOffset(0)), queue);
    ASSERT_TRUE(dispatch.join({1, "a"}, from_unix_ms(0)));
    dispatch.add_permits(1, 9);
    const Decision first = dispatch.push(queue, from_unix_ms(0));
    EXPECT_EQ(first.deliveries.size(), at_once);
    if (at_once == 2) continue;
    EXPECT_EQ(first.again, from_unix_ms(50));
    EXPECT_TRUE(dispatch.push(queue, from_unix_ms(49)).deliveries.empty());
    const Decision later = dispatch.push(queue, from_unix_ms(50));
    ASSERT_EQ(later.deliveries.size(), 1U);
    EXPECT_EQ(later.deliveries[0].attempts, 0);
    EXPECT_EQ(dispatch.give_back({1, QueueOffset(0), {}}, {}, from_unix_ms(50)),
              Dispatch::Outcome::done);
    EXPECT_EQ(dispatch.push(queue, from_unix_ms(50)).deliveries.at(0).attempts, 1);
  }
}

TEST(DispatchQueue, AFilterThatWantsLittleIsScannedInSteps) {
  testing::FakeQueue queue;
  for (int i = 0; i < HandOut::kScanMax + 100; ++i) queue.append(0, 1);
  queue.append(0, 2);
  queue.want(1, {2});
  Dispatch dispatch(plan(Model::push, Mode::shared), LeaseQueue(QueueOffset(0)), queue);
  ASSERT_TRUE(dispatch.join({1, "a"}, from_unix_ms(7)));
  dispatch.add_permits(1, 9);
  const Decision first = dispatch.push(queue, from_unix_ms(7));
  EXPECT_TRUE(first.deliveries.empty());
  EXPECT_EQ(first.again, from_unix_ms(7));
  EXPECT_EQ(dispatch.push(queue, from_unix_ms(7)).deliveries.size(), 1U);

  Dispatch reader(plan(Model::pull, Mode::exclusive), LeaseQueue(QueueOffset(0)), queue);
  ASSERT_TRUE(reader.join({1, "a"}, from_unix_ms(7)));
  Seen seen = reader.pull(queue, {1, QueueOffset(0), 9}, from_unix_ms(7)).value();
  EXPECT_TRUE(seen.decision.deliveries.empty());
  EXPECT_EQ(seen.decision.again, from_unix_ms(7));
  seen = reader.pull(queue, {1, seen.next, 9}, from_unix_ms(7)).value();
  EXPECT_EQ(seen.decision.deliveries.size(), 1U);
  EXPECT_EQ(seen.next, queue.end());
}

TEST(DispatchQueue, ResetForgetsWhatIsOut) {
  testing::FakeQueue queue;
  for (int i = 0; i < 4; ++i) queue.append(1);
  Dispatch dispatch(plan(Model::push, Mode::shared), LeaseQueue(QueueOffset(0)), queue);
  ASSERT_TRUE(dispatch.join({1, "a"}, from_unix_ms(0)));
  dispatch.add_permits(1, 9);
  EXPECT_EQ(dispatch.push(queue, from_unix_ms(0)).deliveries.size(), 4U);
  dispatch.reset(1, QueueOffset(3));
  EXPECT_EQ(dispatch.acknowledge({1, QueueOffset(0), {}}, from_unix_ms(0)),
            Dispatch::Outcome::late);
  const Decision decision = dispatch.push(queue, from_unix_ms(0));
  ASSERT_EQ(decision.deliveries.size(), 1U);
  EXPECT_EQ(decision.deliveries[0].offset, QueueOffset(3));
}

}  // namespace
}  // namespace sluice::delivery
