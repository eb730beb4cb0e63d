#include "app/bench/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice::app {

// Below 2^kFineBits each nanosecond has a bucket. Above, a power of two has 2^kFineBits of them:
// the number's leading bits behind the first, with the power in front, are the bucket's number.
std::size_t LatencyHistogram::bucket_of(std::uint64_t ns) {
  constexpr std::uint64_t kExact = std::uint64_t{1} << kFineBits;
  if (ns < kExact) return ns;
  const int power = std::bit_width(ns) - 1;
  const int shift = power - kFineBits;
  const std::uint64_t fine = (ns >> shift) - kExact;
  return (static_cast<std::size_t>(shift + 1) << kFineBits) + fine;
}

std::uint64_t LatencyHistogram::last_of(std::size_t bucket) {
  constexpr std::uint64_t kExact = std::uint64_t{1} << kFineBits;
  if (bucket < kExact) return bucket;
  const int shift = static_cast<int>(bucket >> kFineBits) - 1;
  const std::uint64_t fine = (bucket & (kExact - 1)) + kExact;
  return ((fine + 1) << shift) - 1;
}

void LatencyHistogram::record(nanoseconds latency) {
  constexpr std::uint64_t kMost = (std::uint64_t{1} << kTopBits) - 1;
  const std::uint64_t ns =
      std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0)), kMost);
  ++buckets_[bucket_of(ns)];
  ++count_;
  sum_ns_ += ns;
  max_ = std::max(max_, nanoseconds(static_cast<std::int64_t>(ns)));
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds LatencyHistogram::mean() const {
  return nanoseconds(count_ == 0 ? 0 : static_cast<std::int64_t>(sum_ns_ / count_));
}

std::chrono::nanoseconds LatencyHistogram::percentile(double share) const {
  if (count_ == 0) return nanoseconds(0);
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) {
      return std::min(max_, nanoseconds(static_cast<std::int64_t>(last_of(i))));
    }
  }
  return max_;
}

}  // namespace sluice::app
