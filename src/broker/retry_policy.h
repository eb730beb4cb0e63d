#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "broker/delay_levels.h"

/// How long a group's failed messages wait before they come again, when the consumer leaves that to
/// the broker (RocketMQ's GroupRetryPolicy).
namespace sluice::broker {

/// The n-th time is initial × multiplier^n, at most max.
struct ExponentialRetry {
  std::int64_t initial_ms = 5'000;
  std::int64_t max_ms = 7'200'000;
  std::int64_t multiplier = 2;
  friend bool operator==(const ExponentialRetry&, const ExponentialRetry&) = default;
};

struct RetryPolicy {
  enum class Type : std::uint8_t { customized, exponential };
  Type type = Type::customized;
  std::vector<std::int64_t> next_ms;  ///< customized; empty: the broker's delay levels from 3 on
  std::optional<ExponentialRetry> exponential;  ///< absent: as if customized and empty
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;

  /// The delay level for a message that was delivered again `times` times already. Messages wait in
  /// levels, so it is the shortest that is not shorter than what the policy says: never early.
  int level(std::int32_t times, const DelayLevels& levels) const;
};

}  // namespace sluice::broker
