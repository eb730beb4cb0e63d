#include "app/cli/start_position.h"

#include <ctime>
#include <string>

#include <fmt/format.h>

#include "base/numbers.h"

namespace sluice::app {
namespace {

using Kind = StartPosition::Kind;

struct Unit {
  char letter;
  std::int64_t ms;
};
constexpr Unit kUnits[] = {{'s', 1'000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}};
constexpr const char* kTimeForms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                      "%Y-%m-%d %H:%M", "%Y-%m-%d"};

std::optional<std::int64_t> parse_ago(std::string_view text) {
  if (text.empty()) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (text.back() != unit.letter) continue;
    const auto count = parse_number<std::int32_t>(text.substr(0, text.size() - 1));
    if (count && *count >= 0) return *count * unit.ms;
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string text) {
  const bool utc = text.ends_with('Z');
  if (utc) text.pop_back();
  for (const char* form : kTimeForms) {
    std::tm fields{};
    const char* end = strptime(text.c_str(), form, &fields);
    if (end == nullptr || *end != '\0') continue;
    fields.tm_isdst = -1;  // local: as the zone has it on that day
    const std::time_t seconds = utc ? timegm(&fields) : std::mktime(&fields);
    return std::int64_t{seconds} * 1000;
  }
  return std::nullopt;
}

}  // namespace

Result<StartPosition> parse_start_position(std::string_view text, WallTime now,
                                           std::string_view option) {
  if (text == "first") return StartPosition{Kind::first};
  if (text == "last") return StartPosition{Kind::last};
  if (const auto offset = parse_number<std::int64_t>(text); offset && *offset >= 0) {
    return StartPosition{Kind::offset, *offset};
  }
  if (const auto ago = parse_ago(text)) return StartPosition{Kind::time, unix_ms(now) - *ago};
  if (const auto time = parse_time(std::string(text))) return StartPosition{Kind::time, *time};
  return fail(Errc::invalid_argument,
              fmt::format("{} {}: expected first, last, an offset (1200), a time ago (90s, 15m, "
                          "2h, 7d) or a time (2026-01-31T08:30:00, with Z for UTC)",
                          option, text));
}

Result<milliseconds> parse_duration(std::string_view text, std::string_view option) {
  if (const auto ms = parse_ago(text)) return milliseconds(*ms);
  return fail(Errc::invalid_argument,
              fmt::format("{} {}: expected a time such as 90s, 15m, 2h or 7d", option, text));
}

Result<std::int64_t> parse_moment(std::string_view text, std::string_view option) {
  if (const auto time = parse_time(std::string(text))) return *time;
  return fail(Errc::invalid_argument,
              fmt::format("{} {}: expected a time such as 2026-01-31T08:30:00, with Z for UTC",
                          option, text));
}

}  // namespace sluice::app
