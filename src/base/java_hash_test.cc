#include "base/java_hash.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(JavaHash, IsStringHashCodeForAscii) {
  EXPECT_EQ(java_hash(""), 0);
  EXPECT_EQ(java_hash("a"), 97);
  EXPECT_EQ(java_hash("TagA"), 2598919);
  EXPECT_EQ(java_hash("hello"), 99162322);
}

TEST(JavaHash, OverflowsLikeAnInt) { EXPECT_EQ(java_hash("polygenelubricants"), INT32_MIN); }

TEST(JavaHash, CountsUtf16UnitsNotBytes) {
  EXPECT_EQ(java_hash("\xC3\xA9"), 0xE9);
  EXPECT_EQ(java_hash("\xE4\xB8\xAD"), 0x4E2D);
  // U+1F600 is the pair D83D DE00.
  EXPECT_EQ(java_hash("\xF0\x9F\x98\x80"), 0xD83D * 31 + 0xDE00);
}

TEST(JavaHash, TakesBrokenBytesForTheReplacementCharacter) {
  EXPECT_EQ(java_hash("\xFF"), 0xFFFD);
  EXPECT_EQ(java_hash("\xC3"), 0xFFFD);
  EXPECT_EQ(java_hash("\xFF"
                      "a"),
            0xFFFD * 31 + 'a');
}

TEST(JavaHash, IsTheSameWhereverTheAsciiEnds) {
  for (std::size_t before = 0; before < 12; ++before) {
    for (std::size_t after = 0; after < 12; ++after) {
      std::uint32_t hash = 0;
      for (std::size_t i = 0; i < before; ++i) hash = hash * 31 + 'a' + static_cast<unsigned>(i);
      hash = hash * 31 + 0xE9;
      for (std::size_t i = 0; i < after; ++i) hash = hash * 31 + 'z';
      std::string text;
      for (std::size_t i = 0; i < before; ++i) text += static_cast<char>('a' + i);
      text += "\xC3\xA9" + std::string(after, 'z');
      EXPECT_EQ(java_hash(text), static_cast<std::int32_t>(hash)) << text;
    }
  }
}

}  // namespace
}  // namespace sluice
