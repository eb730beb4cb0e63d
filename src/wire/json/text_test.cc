#include "wire/json/text.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace sluice::wire::json {
namespace {

std::size_t first(std::string_view text, bool (*stops)(char)) {
  std::size_t i = 0;
  while (i < text.size() && !stops(text[i])) ++i;
  return i;
}

TEST(JsonText, FindsTheFirstByteThatCannotStandAsItIs) {
  std::mt19937 random(7);
  constexpr std::string_view kSome("a\x7f\x80\xff \x1f\x01\"\\\x00[]!#", 14);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 40, 'x');
    for (std::size_t i = random() % 8; i > 0 && !text.empty(); --i) {
      text[random() % text.size()] = kSome[random() % kSome.size()];
    }
    ASSERT_EQ(quote_or_escape(text), first(text, [](char c) { return c == '"' || c == '\\'; }));
    ASSERT_EQ(plain_prefix(text), first(text, [](char c) {
                return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
              }));
  }
}

TEST(JsonText, AppendsWithEscapesWhereTheyMustBe) {
  std::mt19937 random(8);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 40, 'x');
    for (char& c : text) c = static_cast<char>('a' + random() % 26);
    if (!text.empty() && round % 2 == 0) text[random() % text.size()] = "\"\\\x1f "[random() % 4];
    Buffer out, slow;
    append_text(out, text);
    append_escaped(slow, text);
    ASSERT_EQ(as_text(out.bytes()), as_text(slow.bytes()));
    ASSERT_EQ(out.size() == text.size(), plain_prefix(text) == text.size());
  }
}

TEST(JsonText, EscapesWhatMustBe) {
  Buffer out;
  append_escaped(out, std::string_view("plain \"\\\n\x01 \xc3\xa4", 13));
  EXPECT_EQ(as_text(out.bytes()), "plain \\\"\\\\\\n\\u0001 \xc3\xa4");
}

}  // namespace
}  // namespace sluice::wire::json
