#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"

/// How often a message is tried, and how long it rests between. A value.
namespace sluice::delivery {

class RetryPolicy {
 public:
  /// At once, without end: what Pulsar's broker does, whose clients count for themselves.
  RetryPolicy() = default;
  /// The n-th failure waits for delays[n - 1], and later ones for the last.
  static RetryPolicy fixed(std::vector<milliseconds> delays);
  /// first, first * factor, first * factor², ... up to `most`. A factor below 1 counts as 1.
  static RetryPolicy exponential(milliseconds first, double factor, milliseconds most);

  /// The same with an end: a message that failed `attempts` times is dead. 0: it never is.
  RetryPolicy up_to(std::int32_t attempts) const;

  /// How long a message that failed for the `failures`-th time (from 1) rests.
  milliseconds delay(std::int32_t failures) const;
  bool is_dead(std::int32_t failures) const { return attempts_ > 0 && failures >= attempts_; }
  std::int32_t attempts() const { return attempts_; }

 private:
  std::vector<milliseconds> delays_;
  std::int32_t attempts_ = 0;
};

}  // namespace sluice::delivery
