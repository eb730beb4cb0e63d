#include "base/murmur3.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Murmur3, GivesThePublishedValues) {
  EXPECT_EQ(murmur3_32(""), 0U);
  EXPECT_EQ(murmur3_32("", 1), 0x514E28B7U);
  EXPECT_EQ(murmur3_32("test"), 0xba6bd213U);
  EXPECT_EQ(murmur3_32("Hello, world!"), 0xc0363e43U);
  EXPECT_EQ(murmur3_32("The quick brown fox jumps over the lazy dog"), 0x2e4ff723U);
}

TEST(Murmur3Of128Bits, IsTheReferences) {
  using Words = std::array<std::uint64_t, 2>;
  EXPECT_EQ(murmur3_128(""), (Words{0, 0}));
  EXPECT_EQ(murmur3_128("hello"), (Words{0xcbd8a7b341bd9b02, 0x5b1e906a48ae1d19}));
  EXPECT_EQ(murmur3_128("The quick brown fox jumps over the lazy dog"),
            (Words{0xe34bbc7bbc071b6c, 0x7a433ca9c49a9347}));
}

}  // namespace
}  // namespace sluice
