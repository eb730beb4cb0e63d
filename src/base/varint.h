#pragma once

#include <cstdint>

#include "base/buffer.h"

/// Whole numbers in as few bytes as they need: seven bits a byte, lowest first, the high bit says
/// that more follow.
namespace sluice {

inline constexpr std::size_t kVarintMax = 10;  ///< bytes of one number

/// To where there is room for kVarintMax bytes; gives the end.
inline std::byte* put_varint(std::byte* to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<std::byte>(value | 0x80);
  *to++ = static_cast<std::byte>(value);
  return to;
}
inline void put_varint(Buffer& to, std::uint64_t value) {
  std::byte* const at = to.reserve(kVarintMax);
  to.commit(static_cast<std::size_t>(put_varint(at, value) - at));
}

/// Bits beyond the 64th are dropped; a number that is cut short makes `from` not ok.
inline std::uint64_t take_varint(ByteReader& from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = from.take<std::uint8_t>();
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) break;
  }
  return value;
}

/// Small numbers of either sign as small numbers: 0, -1, 1, -2, …
inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

/// A text of at most 65535 bytes, behind its length in two bytes.
inline void put_text16(Buffer& to, std::string_view text) {
  store_be(to.reserve(2), static_cast<std::uint16_t>(text.size()));
  to.commit(2);
  to.append(text);
}
inline std::string_view take_text16(ByteReader& from) {
  return from.take_text(from.take<std::uint16_t>());
}

}  // namespace sluice
