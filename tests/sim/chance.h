#pragma once

#include <cstdint>
#include <random>

namespace sluice::sim {

/// All chance of one run: the same seed makes the same run.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(n));
  }
  /// Both included.
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool percent(std::int64_t p) { return below(100) < p; }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sluice::sim
