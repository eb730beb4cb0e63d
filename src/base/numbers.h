#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace sluice {

/// The whole of `text` as a decimal number, or nothing: no blanks, no sign but '-', no overflow.
template <std::integral T>
std::optional<T> parse_number(std::string_view text) {
  const bool digit = text.size() == 1 && text[0] >= '0' && text[0] <= '9';
  if (digit) return static_cast<T>(text[0] - '0');  // most numbers of a request
  T value{};
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace sluice
