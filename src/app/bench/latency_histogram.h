#pragma once

#include <array>
#include <chrono>
#include <cstdint>

/// Counts durations so that any percentile can be told within 1 %, in a fixed 30 KiB however many
/// there are: buckets as wide as the 128th part of the power of two they lie in (the idea of
/// HdrHistogram). Not thread-safe.
namespace sluice::app {

class LatencyHistogram {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  /// Negative ones count as 0, those beyond 73 minutes as that.
  void record(nanoseconds latency);
  void add(const LatencyHistogram& other);

  std::uint64_t count() const { return count_; }
  nanoseconds max() const { return max_; }  ///< exact
  nanoseconds mean() const;                 ///< exact; 0 of nothing
  /// The least recorded duration that this share (0 to 1) of all does not exceed, rounded up to its
  /// bucket's end but not beyond max(); 0 of nothing.
  nanoseconds percentile(double share) const;

 private:
  static constexpr int kFineBits = 7;  // 128 buckets a power of two
  static constexpr int kTopBits = 42;  // 2^42 ns, 73 minutes
  static constexpr std::size_t kBuckets = std::size_t{kTopBits - kFineBits + 1} << kFineBits;

  static std::size_t bucket_of(std::uint64_t ns);
  static std::uint64_t last_of(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0, sum_ns_ = 0;
  nanoseconds max_{0};
};

}  // namespace sluice::app
