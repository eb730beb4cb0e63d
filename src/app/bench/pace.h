#pragma once

#include <chrono>
#include <cstdint>

/// When messages are due that are to be sent at an even rate. Latencies are counted from there, not
/// from when a message was sent at last: whoever stalls pays for all that came due meanwhile
/// (no coordinated omission). Pure.
namespace sluice::app {

class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `rate` in messages a second, above 0.
  Pace(Time start, double rate) : start_(start), rate_(rate) {}

  /// When the n-th message is due, counted from 0. Computed from the start, so errors do not add
  /// up.
  Time due(std::uint64_t n) const {
    const std::chrono::duration<double> after(static_cast<double>(n) / rate_);
    return start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(after);
  }

 private:
  Time start_;
  double rate_;
};

}  // namespace sluice::app
