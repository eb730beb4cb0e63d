#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace sluice {

/// The whole of `text` as a decimal number, or nothing: no blanks, no sign but '-', no overflow.
template <std::integral T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace sluice
