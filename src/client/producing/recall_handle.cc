#include "client/producing/recall_handle.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace sluice::client {
namespace {

/// Of either alphabet of base64; -1: none.
int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-' || c == '+') return 62;
  return c == '_' || c == '/' ? 63 : -1;
}

std::string from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) break;
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

}  // namespace

Result<RecallHandle> parse_recall_handle(std::string_view text) {
  const std::string plain = from_base64(text);
  std::array<std::string_view, 5> words;
  std::string_view rest = plain;
  for (std::string_view& word : words) {
    word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  if (words[0] != "v1" || words[4].empty() || !rest.empty()) {
    return fail(Errc::message_illegal,
                fmt::format("'{}' is no recall handle: give the one of the receipt", text));
  }
  return RecallHandle{std::string(words[1]), std::string(words[2]), std::string(words[4])};
}

}  // namespace sluice::client
