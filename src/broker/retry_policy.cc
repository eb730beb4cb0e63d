#include "broker/retry_policy.h"

#include <algorithm>

namespace sluice::broker {
namespace {

// The first two levels are left out, as clients expect of a first retry.
constexpr int kLevelsLeftOut = 2;

milliseconds grown(const ExponentialRetry& policy, std::int32_t times) {
  const std::int64_t most = std::max<std::int64_t>(policy.max_ms, 0);
  std::int64_t wait = std::clamp<std::int64_t>(policy.initial_ms, 0, most);
  for (std::int32_t i = 0; i < std::min(times, 32); ++i) {
    if (policy.multiplier <= 1 || wait == 0) break;
    wait = wait > most / policy.multiplier ? most : wait * policy.multiplier;
  }
  return milliseconds(wait);
}

}  // namespace

int RetryPolicy::level(std::int32_t times, const DelayLevels& levels) const {
  times = std::max(times, 0);
  const std::int64_t index = std::int64_t{times} + kLevelsLeftOut;
  if (type == Type::exponential && exponential) {
    return levels.covering(grown(*exponential, times));
  }
  if (type == Type::customized && !next_ms.empty()) {
    const auto at = std::min(static_cast<std::size_t>(index), next_ms.size() - 1);
    return levels.covering(milliseconds(next_ms[at]));
  }
  return levels.clamp(index + 1);
}

}  // namespace sluice::broker
