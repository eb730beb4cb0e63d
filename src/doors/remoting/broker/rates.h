#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "broker/broker.h"

namespace sluice::doors {

/// How fast the broker's counters grow: per second over the last 10 s, 60 s and 10 min, as
/// RocketMQ's runtime info says it. Thread-safe.
class Rates {
 public:
  static constexpr milliseconds kPeriod{10'000};

  struct Counters {
    std::int64_t put_messages = 0, got_messages = 0, get_missed = 0;
  };
  static Counters read(const broker::Traffic& traffic);

  /// Call every kPeriod.
  void sample(const Counters& now, SteadyTime at);
  /// `10 s 60 s 600 s`, as tools split it. Spans longer than the history count from its start.
  std::string text(std::int64_t Counters::* counter) const;

 private:
  struct Sample {
    Counters counters;
    SteadyTime at;
  };
  double over(std::int64_t Counters::* counter, milliseconds span) const;

  mutable std::mutex mutex_;
  std::deque<Sample> samples_;  // oldest first
};

}  // namespace sluice::doors
