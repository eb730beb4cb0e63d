#include "doors/remoting/broker/slow_sends.h"

#include <gtest/gtest.h>

namespace sluice::doors {
namespace {

constexpr SteadyTime at(int ms) { return SteadyTime(milliseconds(10'000 + ms)); }

TEST(SlowSends, ATimeIsSplitWithoutRest) {
  const SendTimes times{.arrived = at(0),
                        .begun = at(10),
                        .appended = at(15),
                        .confirmed = at(75),
                        .answered = at(77)};
  const SendParts parts(times, at(80));
  EXPECT_EQ(parts.queue, milliseconds(10));
  EXPECT_EQ(parts.append, milliseconds(5));
  EXPECT_EQ(parts.flush, milliseconds(60));
  EXPECT_EQ(parts.wake, milliseconds(2));
  EXPECT_EQ(parts.write, milliseconds(3));
  EXPECT_EQ(parts.total(), milliseconds(80));
}

TEST(SlowSends, WhatTheFlusherDidBeforeTheAppendHadEndedCountsForNothing) {
  const SendTimes times{.arrived = at(0),
                        .begun = at(0),
                        .appended = at(20),
                        .confirmed = at(12),
                        .answered = at(21)};
  const SendParts parts(times, at(21));
  EXPECT_EQ(parts.flush, milliseconds(0));
  EXPECT_EQ(parts.wake, milliseconds(1));
  EXPECT_EQ(parts.total(), milliseconds(21));
}

TEST(SlowSends, CountOnlyThoseThatTookTheLimit) {
  broker::Traffic traffic;
  SlowSends slow(milliseconds(50), traffic);
  const SendTimes times{.arrived = at(0),
                        .begun = at(40),
                        .appended = at(45),
                        .confirmed = at(45),
                        .answered = at(45)};
  Unwritten answers{.times = times, .sends = 3};
  slow.written(answers, at(49), {});
  EXPECT_EQ(traffic.slow_sends, 0);
  EXPECT_EQ(answers.sends, 0);
  answers = {.times = times, .sends = 3};
  slow.written(answers, at(50), {});
  EXPECT_EQ(traffic.slow_sends, 3);
  EXPECT_EQ(traffic.slow_queue_ms, 120);
  EXPECT_EQ(traffic.slow_append_ms, 15);
  EXPECT_EQ(traffic.slow_write_ms, 15);
  slow.written(answers, at(999), {});  // nothing is unwritten
  EXPECT_EQ(traffic.slow_sends, 3);
}

}  // namespace
}  // namespace sluice::doors
