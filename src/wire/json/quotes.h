#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice::wire::json {

/// Where the quotes and backslashes of a text stand, one after the other. 64 bytes are looked at in
/// one go, so that finding the next does not wait for the one before: a header is a chain of short
/// strings, and each search by itself would begin where the last one ended.
class Quotes {
 public:
  Quotes(const char* at, const char* end) : block_(at), end_(end), left_(marks(at, end)) {}

  /// The next one, or the end.
  const char* next() {
    while (left_ == 0) {
      if (end_ - block_ <= kBlock) return end_;
      block_ += kBlock;
      left_ = marks(block_, end_);
    }
    const char* const found = block_ + std::countr_zero(left_);
    left_ &= left_ - 1;
    return found;
  }

 private:
  static constexpr std::ptrdiff_t kBlock = 64;

  static std::uint64_t marks(const char* at, const char* end) {
    if (end - at >= kBlock) return marks(at);
    std::array<char, kBlock> last{};
    std::copy(at, end, last.begin());
    return marks(last.data());
  }
  static std::uint64_t marks(const char* block) {
    std::uint64_t marks = 0;
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\');
    for (int i = 0; i < kBlock; i += 16) {
      const __m128i at = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + i));
      const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(at, quote), _mm_cmpeq_epi8(at, escape));
      marks |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(hits))} << i;
    }
#else
    for (int i = 0; i < kBlock; ++i) {
      marks |= std::uint64_t{block[i] == '"' || block[i] == '\\'} << i;
    }
#endif
    return marks;
  }

  const char* block_;
  const char* end_;
  std::uint64_t left_;
};

}  // namespace sluice::wire::json
