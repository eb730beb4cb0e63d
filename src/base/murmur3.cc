#include "base/murmur3.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace sluice {
namespace {

std::uint32_t scramble(std::uint32_t word) {
  return std::rotl(word * 0xcc9e2d51U, 15) * 0x1b873593U;
}

/// Up to four bytes, the first one lowest.
std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

}  // namespace

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t hash = seed;
  std::string_view rest = bytes;
  for (; rest.size() >= 4; rest.remove_prefix(4)) {
    hash = std::rotl(hash ^ scramble(little_endian(rest.substr(0, 4))), 13) * 5 + 0xe6546b64U;
  }
  hash ^= scramble(little_endian(rest));
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bU;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35U;
  return hash ^ (hash >> 16);
}

namespace {

constexpr std::uint64_t kMul1 = 0x87c37b91114253d5, kMul2 = 0x4cf5ad432745937f;

std::uint64_t load_le(const char* from, std::size_t bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, bytes);
  return value;
}

std::uint64_t mixed(std::uint64_t k, std::uint64_t first, int turn, std::uint64_t second) {
  return std::rotl(k * first, turn) * second;
}

std::uint64_t finish(std::uint64_t k) {
  k = (k ^ (k >> 33)) * 0xff51afd7ed558ccd;
  k = (k ^ (k >> 33)) * 0xc4ceb9fe1a85ec53;
  return k ^ (k >> 33);
}

}  // namespace

std::array<std::uint64_t, 2> murmur3_128(std::string_view bytes, std::uint32_t seed) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t one = seed, two = seed;
  std::string_view rest = bytes;
  for (; rest.size() >= 16; rest.remove_prefix(16)) {
    one ^= mixed(load_le(rest.data(), 8), kMul1, 31, kMul2);
    one = (std::rotl(one, 27) + two) * 5 + 0x52dce729;
    two ^= mixed(load_le(rest.data() + 8, 8), kMul2, 33, kMul1);
    two = (std::rotl(two, 31) + one) * 5 + 0x38495ab5;
  }
  if (rest.size() > 8) two ^= mixed(load_le(rest.data() + 8, rest.size() - 8), kMul2, 33, kMul1);
  if (!rest.empty()) {
    one ^= mixed(load_le(rest.data(), std::min<std::size_t>(rest.size(), 8)), kMul1, 31, kMul2);
  }
  one ^= bytes.size(), two ^= bytes.size();
  one += two, two += one;
  one = finish(one), two = finish(two);
  one += two, two += one;
  return {one, two};
}

}  // namespace sluice
