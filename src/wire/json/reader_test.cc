#include "wire/json/reader.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "wire/json/writer.h"

namespace sluice::wire::json {
namespace {

TEST(JsonReader, ReadsEveryTextThatTheWriterWrites) {
  std::mt19937 random(5);
  for (int round = 0; round < 5'000; ++round) {
    std::string key(1 + random() % 6, '\0'), value(random() % 12, '\0');
    for (char& c : key) c = static_cast<char>(random());
    for (char& c : value) c = static_cast<char>(random());
    Buffer out;
    Writer(out).begin_object().member(key, value).end();
    const auto read = parse(as_text(out.bytes()));
    ASSERT_TRUE(read) << as_text(out.bytes());
    ASSERT_EQ(read->begin().key(), key);
    ASSERT_EQ(read->begin().value(), value);
  }
}

TEST(JsonReader, RefusesAnEscapeThatIsNone) {
  for (const std::string_view wrong : {R"({"a":"\x"})", R"({"a":"\u12g4"})", R"({"a":"\)"}) {
    EXPECT_FALSE(parse(wrong)) << wrong;
  }
  EXPECT_EQ(text(*parse(R"({"a":"\u00e4\ud83d\ude00\n"})"), "a", ""), "\xc3\xa4\xf0\x9f\x98\x80\n");
}

}  // namespace
}  // namespace sluice::wire::json
