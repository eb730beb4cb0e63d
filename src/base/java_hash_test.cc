#include "base/java_hash.h"

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

}  // namespace
}  // namespace sluice
