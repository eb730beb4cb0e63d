#include "broker/delay_levels.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/numbers.h"

namespace sluice::broker {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 4> kUnits{{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
constexpr std::int64_t kLongestSeconds = 3650 * std::int64_t{86400};

Result<milliseconds> parse_level(std::string_view word) {
  const auto unit = std::ranges::find(kUnits, word.back(), &Unit::letter);
  const auto number = parse_number<std::int64_t>(word.substr(0, word.size() - 1));
  const bool right =
      unit != kUnits.end() && number && *number > 0 && *number <= kLongestSeconds / unit->seconds;
  if (!right) {
    return fail(
        Errc::invalid_argument,
        fmt::format("messageDelayLevel: [{}] is no delay; write a number above 0 and one of "
                    "s, m, h, d (at most 3650d), like 30s, with a blank between delays",
                    word));
  }
  return std::chrono::seconds(*number * unit->seconds);
}

}  // namespace

DelayLevels::DelayLevels() {
  auto stock = parse(kStock);
  SLUICE_ASSERT(stock.has_value());
  levels_ = std::move(stock->levels_);
}

Result<DelayLevels> DelayLevels::parse(std::string_view text) {
  std::vector<milliseconds> levels;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.empty()) break;
    const std::string_view word = text.substr(0, text.find_first_of(" \t"));
    SLUICE_TRY(const milliseconds level, parse_level(word));
    levels.push_back(level);
    text.remove_prefix(word.size());
  }
  if (levels.empty() || std::cmp_greater(levels.size(), kLevelsMax)) {
    return fail(Errc::invalid_argument,
                fmt::format("messageDelayLevel has {} delays; 1 to {} are allowed, like \"{}\"",
                            levels.size(), kLevelsMax, kStock));
  }
  return DelayLevels(std::move(levels));
}

int DelayLevels::clamp(std::int64_t level) const {
  return static_cast<int>(std::clamp<std::int64_t>(level, 0, count()));
}

milliseconds DelayLevels::of(int level) const {
  return levels_[static_cast<std::size_t>(std::clamp(level, 1, count())) - 1];
}

int DelayLevels::covering(milliseconds wait) const {
  std::size_t best = levels_.size();
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i] >= wait && (best == levels_.size() || levels_[i] < levels_[best])) best = i;
  }
  if (best == levels_.size()) {
    best = static_cast<std::size_t>(std::ranges::max_element(levels_) - levels_.begin());
  }
  return static_cast<int>(best) + 1;
}

}  // namespace sluice::broker
