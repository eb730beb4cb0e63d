#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::sim {

/// What came of one run.
struct Outcome {
  std::uint64_t seed = 0;
  std::string plan;
  std::string broken;  ///< the promise that did not hold; empty: all held
  std::vector<std::string> notes;
  std::chrono::milliseconds simulated{0};
  std::int64_t messages = 0;
  int starts = 0;
};

/// Plays the run that the seed stands for, up to the first broken promise.
Outcome play(std::uint64_t seed);

}  // namespace sluice::sim
