#include "base/java_hash.h"

namespace sluice {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct CodePoint {
  char32_t value = kReplacement;
  std::size_t bytes = 1;
};

/// Bytes of the sequence that `lead` opens, 0 for none.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

/// The first code point of a text that is not empty.
CodePoint decode_front(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = sequence_length(lead);
  if (length == 1) return {lead, 1};
  if (length == 0 || text.size() < length) return {};
  char32_t value = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return {};
    value = value << 6 | (next & 0x3F);
  }
  const bool too_long = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (too_long || surrogate || value > 0x10FFFF) return {};
  return {value, length};
}

/// Takes four ASCII bytes at once while there are: then only one product waits for the one before.
std::uint32_t hash_ascii(std::string_view& text) {
  constexpr std::uint32_t k1 = 31, k2 = k1 * k1, k3 = k2 * k1, k4 = k3 * k1;
  std::uint32_t hash = 0;
  for (; text.size() >= 4; text.remove_prefix(4)) {
    const auto at = [&](std::size_t i) {
      return std::uint32_t{static_cast<unsigned char>(text[i])};
    };
    if (((at(0) | at(1) | at(2) | at(3)) & 0x80) != 0) break;
    hash = hash * k4 + (at(0) * k3 + at(1) * k2 + at(2) * k1 + at(3));
  }
  return hash;
}

}  // namespace

std::int32_t java_hash(std::string_view utf8) {
  std::uint32_t hash = hash_ascii(utf8);
  const auto add = [&hash](std::uint32_t unit) { hash = hash * 31 + unit; };
  while (!utf8.empty()) {
    if (const auto ascii = static_cast<unsigned char>(utf8.front()); ascii < 0x80) {
      add(ascii);
      utf8.remove_prefix(1);
      continue;
    }
    const CodePoint point = decode_front(utf8);
    utf8.remove_prefix(point.bytes);
    if (point.value < 0x10000) {
      add(point.value);
    } else {
      add(0xD800 + ((point.value - 0x10000) >> 10));
      add(0xDC00 + ((point.value - 0x10000) & 0x3FF));
    }
  }
  return static_cast<std::int32_t>(hash);
}

}  // namespace sluice
