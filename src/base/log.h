#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <fmt/format.h>

/// Structured log lines: an event in the folder's words and `key=value` pairs. `error` means that
/// somebody must act; nothing is logged per message above `trace`. Thread-safe.
namespace sluice::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };

/// One `key=value` of a line. Values are turned into text when the line is built.
struct Field {
  std::string_view key;
  std::string value;

  template <class T>
  Field(std::string_view k, const T& v) : key(k), value(fmt::to_string(v)) {}
};

/// Lines below `level` are dropped; before the first call, all are. Output goes to standard error.
void set_level(Level level);
bool enabled(Level level);

/// "trace" … "off"; anything else gives false.
bool parse_level(std::string_view text, Level& level);

void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  if (enabled(Level::debug)) write(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, fields);
}

}  // namespace sluice::log
