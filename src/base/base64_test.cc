#include "base/base64.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Base64, WritesAndReadsEveryLength) {
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"\xff\xfe\xfb", "__77"}}) {
    EXPECT_EQ(base64_url(bytes), text);
    EXPECT_EQ(from_base64_url(text), bytes);
  }
  EXPECT_EQ(from_base64_url("Zm8"), "fo");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"A", "Zm9v!", "Zm 9", "a+b/"}) {
    EXPECT_EQ(from_base64_url(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice
