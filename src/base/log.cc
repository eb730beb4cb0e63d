#include "base/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <unistd.h>

namespace sluice::log {
namespace {

constexpr std::array<std::string_view, 6> kLevels{"trace", "debug", "info", "warn", "error", "off"};

/// Nothing is written before a program says so: a library has no say in its program's output.
std::atomic<Level>& least() {
  static std::atomic<Level> level{Level::off};
  return level;
}

/// Quotes what would not read as one word.
void append_value(std::string& line, std::string_view value) {
  if (!value.empty() && value.find_first_of(" \"=\n") == std::string_view::npos) {
    line += value;
    return;
  }
  line += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += c == '\n' ? ' ' : c;
  }
  line += '"';
}

/// Local time, to the millisecond.
std::string stamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}", local, ms.count() % 1'000);
}

}  // namespace

void set_level(Level level) { least() = level; }

bool enabled(Level level) { return level >= least() && level != Level::off; }

bool parse_level(std::string_view text, Level& level) {
  const auto* found = std::ranges::find(kLevels, text);
  if (found == kLevels.end()) return false;
  level = static_cast<Level>(found - kLevels.begin());
  return true;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  std::string line = fmt::format("{} {} {}", stamp(), kLevels[std::to_underlying(level)], event);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  line += '\n';
  // One call for a line: lines of several threads do not mix. Nobody could be told of an error.
  static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

}  // namespace sluice::log
