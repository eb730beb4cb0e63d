#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::app {

/// Where reading begins, as --from says it.
struct StartPosition {
  enum class Kind : std::uint8_t { first, last, time, offset } kind = Kind::last;
  std::int64_t value = 0;  ///< time: ms since the epoch; offset: the offset

  friend bool operator==(const StartPosition&, const StartPosition&) = default;
};

/// `first`, `last`, an offset (`1200`), a time ago (`90s`, `15m`, `2h`, `7d`), or a time
/// (`2026-01-31`, `2026-01-31T08:30`, `2026-01-31T08:30:00`: local, with a `Z` at its end UTC).
/// Errors: invalid_argument that shows these forms and names the option.
Result<StartPosition> parse_start_position(std::string_view text, WallTime now,
                                           std::string_view option = "--from");

/// `90s`, `15m`, `2h`, `7d`. Errors: invalid_argument that shows these forms and names the option.
Result<milliseconds> parse_duration(std::string_view text, std::string_view option);
/// A time as above, in ms since the epoch. Errors: the same.
Result<std::int64_t> parse_moment(std::string_view text, std::string_view option);

}  // namespace sluice::app
