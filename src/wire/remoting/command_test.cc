#include "wire/remoting/command.h"

#include <string>

#include <gtest/gtest.h>

#include "wire/remoting/batch.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"

namespace sluice::wire::remoting {
namespace {

std::string frame_of(std::string_view header, std::string_view body = {}, unsigned kind = 0) {
  Buffer out;
  std::byte head[8];
  store_be(head, static_cast<std::int32_t>(4 + header.size() + body.size()));
  store_be(head + 4, static_cast<std::uint32_t>(kind << 24 | header.size()));
  out.append(head);
  out.append(header);
  out.append(body);
  return std::string(as_text(out.bytes()));
}

Result<void> decode_text(std::string& frame, Command& command) {
  return decode(std::as_writable_bytes(std::span(frame.data(), frame.size())), command);
}

TEST(JsonHeader, ReadsWhatJavaWrites) {
  std::string frame = frame_of(
      R"({"code":310,"extFields":{"a":"g","b":"T","i":"KEYS\u0001k\u0002"},"flag":0,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":493})",
      "body");
  Command c;
  ASSERT_TRUE(decode_text(frame, c));
  EXPECT_EQ(c.code, 310);
  EXPECT_EQ(c.opaque, 7);
  EXPECT_EQ(c.language, Language::java);
  EXPECT_EQ(c.version, 493);
  EXPECT_EQ(c.ext.get("i"), "KEYS\x01k\x02");
  EXPECT_EQ(as_text(c.body), "body");
}

TEST(JsonHeader, ReadsWhatOtherClientsWrite) {
  std::string frame = frame_of(
      "{ \"code\" : \"11\", \"language\":1, \"extra\":[1,{\"x\":null}], "
      "\"extFields\":{\"queueId\":3,"
      "\"ok\":true,\"n\":null,\"o\":{\"deep\":[]}}, \"flag\":2 }\n");
  Command c;
  ASSERT_TRUE(decode_text(frame, c));
  EXPECT_EQ(c.code, 11);
  EXPECT_EQ(c.language, Language::cpp);
  EXPECT_EQ(c.ext.get("queueId"), "3");
  EXPECT_EQ(c.ext.get("ok"), "true");
  EXPECT_EQ(c.ext.get("n"), "");
  EXPECT_TRUE(c.is_oneway());
}

TEST(JsonHeader, UnescapesUnicodeInPlace) {
  std::string frame = frame_of(R"({"code":1,"remark":"\u00e4\u4e2d\ud83d\ude00\"\\\/\n"})");
  Command c;
  ASSERT_TRUE(decode_text(frame, c));
  EXPECT_EQ(c.remark, "ä中😀\"\\/\n");
}

TEST(JsonHeader, RefusesWhatIsNotJson) {
  for (const char* header :
       {"", "[]", "{", "{\"code\"", "{\"code\":}", "{\"code\":1", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}", "{\"extFields\":{\"a\":\"b\"", "{\"a\":\"unclosed"}) {
    std::string frame = frame_of(header);
    Command c;
    EXPECT_FALSE(decode_text(frame, c)) << header;
  }
}

TEST(JsonHeader, RefusesEndlessNesting) {
  std::string frame = frame_of("{\"x\":" + std::string(10'000, '[') + "}");
  Command c;
  EXPECT_FALSE(decode_text(frame, c));
}

TEST(Frame, SizeIsKnownAfterFourBytesAndBounded) {
  const auto size = [](std::string_view bytes) { return frame_size(as_bytes(bytes)); };
  EXPECT_EQ(*size("abc"), 0u);
  EXPECT_EQ(*size(std::string_view("\0\0\0\x10", 4)), 20u);
  EXPECT_FALSE(size(std::string_view("\0\0\0\x3", 4)));
  EXPECT_FALSE(size(std::string_view("\xff\xff\xff\xff", 4)));
  EXPECT_FALSE(size(std::string_view("\x01\0\0\0", 4)));
}

TEST(Frame, RefusesAHeaderLongerThanItself) {
  std::string frame = frame_of("{}");
  frame[7] = 100;
  Command c;
  EXPECT_EQ(decode_text(frame, c).error().code(), Errc::malformed);
}

class FrameRoundTrip : public testing::TestWithParam<HeaderKind> {};

TEST_P(FrameRoundTrip, KeepsEverything) {
  Buffer out;
  out.append("before");
  FrameWriter writer(out, {.kind = GetParam(),
                           .code = 19,
                           .opaque = -5,
                           .flag = kFlagResponse,
                           .remark = "so \"it\" is"});
  writer.field("offset", std::int64_t{-1});
  writer.field("text",
               "a\x01"
               "b");
  writer.field("yes", true);
  writer.finish(3);
  out.append("xyz");
  std::string frame(as_text(out.bytes()).substr(6));
  ASSERT_EQ(*frame_size(as_bytes(frame)), frame.size());
  Command c;
  ASSERT_TRUE(decode_text(frame, c));
  EXPECT_EQ(c.kind, GetParam());
  EXPECT_EQ(c.code, 19);
  EXPECT_EQ(c.opaque, -5);
  EXPECT_TRUE(c.is_response());
  EXPECT_EQ(c.remark, "so \"it\" is");
  EXPECT_EQ(c.language, Language::cpp);
  EXPECT_EQ(c.ext.get("offset"), "-1");
  EXPECT_EQ(c.ext.get("text"),
            "a\x01"
            "b");
  EXPECT_EQ(c.ext.get("yes"), "true");
  EXPECT_EQ(as_text(c.body), "xyz");
}

INSTANTIATE_TEST_SUITE_P(Kinds, FrameRoundTrip,
                         testing::Values(HeaderKind::json, HeaderKind::binary));

TEST(Frame, CodesThatDoNotFitTheBinaryHeaderGoAsJson) {
  Buffer out;
  FrameWriter(out, {.kind = HeaderKind::binary, .code = 200050}).finish();
  EXPECT_EQ(std::to_integer<int>(out.data()[4]), 0);
}

TEST(BinaryHeader, RefusesPartsThatRunPastTheirEnd) {
  Buffer out;
  FrameWriter writer(out, {.kind = HeaderKind::binary, .code = 10});
  writer.field("a", "value");
  writer.finish();
  const std::string good(as_text(out.bytes()));
  for (std::size_t at = 21; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x7f);
    Command c;
    static_cast<void>(decode_text(bad, c));  // whatever it says, it must not read past the end
  }
  std::string cut = good;
  cut[21] = 0x7f;  // the remark's length
  Command c;
  EXPECT_FALSE(decode_text(cut, c));
}

TEST(Fields, AnErrorNamesTheRequestAndTheField) {
  std::string frame = frame_of(R"({"code":31,"extFields":{"topic":"T"}})");
  Command c;
  ASSERT_TRUE(decode_text(frame, c));
  const auto missing = decode_request<GetMinOffset>(c);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().remark(), "GET_MIN_OFFSET (31): field queueId is missing");

  frame = frame_of(R"({"code":31,"extFields":{"topic":"T","queueId":"x"}})");
  ASSERT_TRUE(decode_text(frame, c));
  EXPECT_EQ(decode_request<GetMinOffset>(c).error().remark(),
            "GET_MIN_OFFSET (31): field queueId must be a number, not 'x'");
}

TEST(Fields, TheTwoFormsOfASendAreTheSame) {
  SendMessage send;
  send.producer_group = "g";
  send.topic = "T";
  send.default_topic = "TBW102";
  send.queue_id = 2;
  send.properties =
      "A\x01"
      "b\x02";
  send.max_reconsume_times = 3;
  Buffer out;
  FrameWriter writer(out, {.code = 310});
  SendMessageV2::Wire::encode(send, writer);
  writer.finish();
  std::string frame(as_text(out.bytes()));
  Command c;
  ASSERT_TRUE(decode_text(frame, c));
  const auto got = decode_request<SendMessageV2>(c);
  ASSERT_TRUE(got) << got.error().remark();
  EXPECT_EQ(got->topic, "T");
  EXPECT_EQ(got->queue_id, 2);
  EXPECT_EQ(got->properties, send.properties);
  EXPECT_EQ(got->max_reconsume_times, 3);
}

TEST(Batch, ReadsEachMessageAndRefusesACut) {
  std::string body;
  const auto put32 = [&body](std::int32_t v) {
    std::byte b[4];
    store_be(b, v);
    body += as_text(b);
  };
  put32(4 * 5 + 5 + 2 + 3), put32(0), put32(0), put32(9), put32(5);
  body += "hello";
  body += std::string_view(
      "\0\3A\x01"
      "b",
      5);
  BatchReader reader(as_bytes(body));
  const auto message = reader.next();
  ASSERT_TRUE(message) << message.error().remark();
  EXPECT_EQ(message->flag, 9);
  EXPECT_EQ(as_text(message->body), "hello");
  EXPECT_EQ(message->properties,
            "A\x01"
            "b");
  EXPECT_TRUE(reader.done());
  for (std::size_t n = 1; n < body.size(); ++n) {
    EXPECT_FALSE(BatchReader(as_bytes(body).first(n)).next()) << n;
  }
}

}  // namespace
}  // namespace sluice::wire::remoting
