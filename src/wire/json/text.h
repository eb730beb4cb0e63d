#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buffer.h"

namespace sluice::wire::json {

namespace detail {

/// Eight bytes at a time: for each byte of `word`, whether it is `c` (its highest bit tells).
constexpr std::uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }
constexpr std::uint64_t bytes_equal(std::uint64_t word, char c) {
  return zero_bytes(word ^ (kOnes * static_cast<std::uint8_t>(c)));
}
constexpr std::uint64_t bytes_below_blank(std::uint64_t word) {
  return (word - kOnes * 0x20) & ~word & kHighs;
}

/// The index of the first byte for which `kStops` says so, or the size. Marks above the first hit
/// may be wrong (they borrow from it), so only the first counts.
template <auto kStopsOfWord, auto kStops>
std::size_t find_first(std::string_view text) {
  static_assert(std::endian::native == std::endian::little);
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if (const std::uint64_t hits = kStopsOfWord(word)) {
      return i + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
    }
  }
  while (i < text.size() && !kStops(text[i])) ++i;
  return i;
}

}  // namespace detail

/// Where the first quote or backslash stands, or the size. Most strings of a header are short: with
/// sixteen bytes at once they are one step.
inline std::size_t quote_or_escape(std::string_view text) {
  std::size_t start = 0;
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\');
  for (; start + 16 <= text.size(); start += 16) {
    const __m128i at = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + start));
    const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(at, quote), _mm_cmpeq_epi8(at, escape));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return start + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  text.remove_prefix(start);
  return start + detail::find_first<[](std::uint64_t word) {
           return detail::bytes_equal(word, '"') | detail::bytes_equal(word, '\\');
         },
                                    [](char c) { return c == '"' || c == '\\'; }>(text);
}

/// How many bytes from the start on can stand in a JSON string as they are.
inline std::size_t plain_prefix(std::string_view text) {
  return detail::find_first<[](std::uint64_t word) {
    return detail::bytes_equal(word, '"') | detail::bytes_equal(word, '\\') |
           detail::bytes_below_blank(word);
  },
                            [](char c) {
                              return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
                            }>(text);
}

namespace detail {

/// Whether each byte of a word can stand in a JSON string as it is.
constexpr bool plain_word(std::uint64_t word) {
  return (bytes_equal(word, '"') | bytes_equal(word, '\\') | bytes_below_blank(word)) == 0;
}
inline std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace detail

/// Copies `text` to where there is room for it. False: something in it needs an escape. Most texts
/// of a header are short: words that overlap are quicker than a loop and two calls.
inline bool copy_plain(std::string_view text, char* to) {
  const std::size_t size = text.size();
  bool plain = true;
  if (size < 8) {
    for (std::size_t i = 0; i < size; ++i) {
      const char c = to[i] = text[i];
      plain = plain && c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
    }
    return plain;
  }
  const auto copy = [&](std::size_t at) {
    const std::uint64_t word = detail::word_at(text.data() + at);
    plain = plain && detail::plain_word(word);
    std::memcpy(to + at, &word, sizeof word);
  };
  for (std::size_t at = 0; at + 8 < size; at += 8) copy(at);
  copy(size - 8);
  return plain;
}

/// Appends `text` as the inside of a JSON string.
void append_escaped(Buffer& out, std::string_view text);
inline void append_text(Buffer& out, std::string_view text) {
  char* const to = reinterpret_cast<char*>(out.reserve(text.size()));
  return copy_plain(text, to) ? out.commit(text.size()) : append_escaped(out, text);
}

void append_number(Buffer& out, std::int64_t value);

}  // namespace sluice::wire::json
