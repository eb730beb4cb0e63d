// What the command line writes and reads: tables, positions, message formats, encodings.
#include "app/cli/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/cli/message_format.h"
#include "app/cli/start_position.h"
#include "app/cli/table.h"

namespace sluice::app {
namespace {

using testing::HasSubstr;
using Kind = StartPosition::Kind;

TEST(Table, MakesColumnsAsWideAsTheirWidestCell) {
  Table table({{"TOPIC"}, {"QUEUES", Table::Align::right}, {"NOTE"}});
  table.row({"orders", "8", "x"});
  table.row({"größe", "16", ""});
  EXPECT_EQ(table.text(),
            "TOPIC   QUEUES  NOTE\n"
            "orders       8  x\n"
            "größe       16  \n");
}

TEST(IsUtf8, TellsTextFromBytes) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a ü € 😀"));
  for (const char* bytes :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    EXPECT_FALSE(is_utf8(bytes));
  }
}

TEST(Base64, PadsToFours) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(ParsePairs, SplitsAtTheFirstEqualsSign) {
  const auto pairs = parse_pairs("--property", {"a=1", "b=x=y", "c="});
  ASSERT_TRUE(pairs);
  EXPECT_EQ(pairs->at("a"), "1");
  EXPECT_EQ(pairs->at("b"), "x=y");
  EXPECT_EQ(pairs->at("c"), "");
  const auto wrong = parse_pairs("--property", {"=1"});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(std::string(wrong.error().remark()), HasSubstr("--property =1"));
}

TEST(StartPosition, TakesEveryForm) {
  const WallTime now = from_unix_ms(1'000'000'000);
  EXPECT_EQ(parse_start_position("first", now).value(), StartPosition{Kind::first});
  EXPECT_EQ(parse_start_position("last", now).value(), StartPosition{Kind::last});
  EXPECT_EQ(parse_start_position("1200", now).value(), (StartPosition{Kind::offset, 1200}));
  EXPECT_EQ(parse_start_position("90s", now).value(), (StartPosition{Kind::time, 999'910'000}));
  EXPECT_EQ(parse_start_position("1970-01-02Z", now).value(),
            (StartPosition{Kind::time, 86'400'000}));
  EXPECT_EQ(parse_start_position("2026-01-31T08:30:00Z", now).value(),
            (StartPosition{Kind::time, 1'769'848'200'000}));
  EXPECT_TRUE(parse_start_position("2026-01-31 08:30", now));
}

TEST(StartPosition, ShowsTheFormsWhenItIsNone) {
  for (const char* text : {"", "-1", "yesterday", "5x", "-5m", "2026-01-31T", "2026-01-31x"}) {
    const auto position = parse_start_position(text, WallTime{});
    ASSERT_FALSE(position) << text;
    EXPECT_THAT(std::string(position.error().remark()), HasSubstr("15m"));
  }
}

client::Received message() {
  return {.queue = {"T", "broker-a", 3},
          .offset = 7,
          .body = "hello",
          .properties = {{"TAGS", "red"}, {"KEYS", "k1"}, {"colour", "blue"}},
          .message_id = "ID",
          .born_ms = 1,
          .store_ms = 2};
}

TEST(MessageFormat, WritesTheBody) {
  EXPECT_EQ(MessageFormat::parse("body")->write(message()), "hello\n");
}

TEST(MessageFormat, FillsATemplate) {
  EXPECT_EQ(
      MessageFormat::parse(R"({topic}/{queue}@{offset}\t{{{tag}}} {property:colour}={body}\\)")
          ->write(message()),
      "T/3@7\t{red} blue=hello\\\n");
}

TEST(MessageFormat, RefusesUnknownAndUnclosedFields) {
  for (const char* text : {"{nothing}", "{body", "{}"}) {
    const auto format = MessageFormat::parse(text);
    ASSERT_FALSE(format) << text;
    EXPECT_THAT(std::string(format.error().remark()), HasSubstr("{offset}"));
  }
}

TEST(MessageFormat, WritesALineOfJson) {
  const auto json = nlohmann::json::parse(MessageFormat::parse("json")->write(message()));
  EXPECT_EQ(json["topic"], "T");
  EXPECT_EQ(json["queue"], 3);
  EXPECT_EQ(json["offset"], 7);
  EXPECT_EQ(json["body"], "hello");
  EXPECT_EQ(json["properties"]["colour"], "blue");
}

TEST(MessageFormat, EncodesABodyThatIsNotText) {
  auto binary = message();
  binary.body = "\xff\x00";
  binary.properties.emplace_back("bytes", "\xff");
  const auto json = nlohmann::json::parse(MessageFormat::parse("json")->write(binary));
  EXPECT_FALSE(json.contains("body"));
  EXPECT_EQ(json["bodyBase64"], "/w==");
}

}  // namespace
}  // namespace sluice::app
