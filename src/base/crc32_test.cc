#include "base/crc32.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Crc32, IsZlibs) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
}

TEST(Crc32, ContinuesAnEarlierRun) {
  EXPECT_EQ(crc32(as_bytes("56789"), crc32(as_bytes("1234"))), 0xCBF43926U);
}

}  // namespace
}  // namespace sluice
