#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

/// How long messages with the property DELAY wait: level 1 is the first time in
/// `messageDelayLevel`, level 2 the second, and so on. Immutable.
namespace sluice::broker {

class DelayLevels {
 public:
  static constexpr std::string_view kStock =
      "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";
  static constexpr int kLevelsMax = 1024;  ///< each is a queue

  DelayLevels();
  /// Numbers with the unit s, m, h or d, blanks between. Errors: invalid_argument, naming the word
  /// that is wrong and what is allowed.
  static Result<DelayLevels> parse(std::string_view text);

  int count() const { return static_cast<int>(levels_.size()); }
  /// The level that a message's DELAY stands for: at most count(); 0 or less asks for no delay.
  int clamp(std::int64_t level) const;
  /// The time of a level from 1 on; above count() that of the last.
  milliseconds of(int level) const;
  /// The level with the shortest time that is not shorter than `wait`; the longest when there is
  /// none.
  int covering(milliseconds wait) const;

 private:
  explicit DelayLevels(std::vector<milliseconds> levels) : levels_(std::move(levels)) {}
  std::vector<milliseconds> levels_;
};

}  // namespace sluice::broker
