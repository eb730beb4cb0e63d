#include "app/bench/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::app {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogram, OfNothingIsZero) {
  const LatencyHistogram none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.percentile(0.99), nanoseconds(0));
  EXPECT_EQ(none.mean(), nanoseconds(0));
  EXPECT_EQ(none.max(), nanoseconds(0));
}

TEST(LatencyHistogram, TellsEveryPercentileWithinOnePercent) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(11, 2);  // 60 us in the middle, tails to seconds
  LatencyHistogram histogram;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 100'000; ++i) {
    all.push_back(static_cast<std::int64_t>(latency(random)));
    histogram.record(nanoseconds(all.back()));
  }
  std::ranges::sort(all);
  for (const double share : {0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank =
        static_cast<std::size_t>(std::max(1.0, std::ceil(share * static_cast<double>(all.size()))));
    const std::int64_t exact = all[rank - 1];
    const std::int64_t told = histogram.percentile(share).count();
    EXPECT_GE(told, exact) << share;
    EXPECT_LE(static_cast<double>(told), static_cast<double>(exact) * 1.01 + 1) << share;
  }
  EXPECT_EQ(histogram.max().count(), all.back());
}

TEST(LatencyHistogram, KeepsWhatIsBeyondItsEnds) {
  LatencyHistogram histogram;
  histogram.record(nanoseconds(-5));
  histogram.record(std::chrono::hours(10));
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.percentile(0.5), nanoseconds(0));
  EXPECT_GT(histogram.percentile(1), std::chrono::minutes(73));
}

TEST(LatencyHistogram, AddsUpWhatSeveralThreadsCounted) {
  LatencyHistogram one, other;
  one.record(nanoseconds(100));
  other.record(nanoseconds(300));
  one.add(other);
  EXPECT_EQ(one.count(), 2u);
  EXPECT_EQ(one.mean(), nanoseconds(200));
  EXPECT_EQ(one.max(), nanoseconds(300));
}

}  // namespace
}  // namespace sluice::app
