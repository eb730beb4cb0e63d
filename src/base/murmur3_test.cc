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

}  // namespace
}  // namespace sluice
