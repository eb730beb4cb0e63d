#include "wire/record/record.h"

#include <gtest/gtest.h>

#include "wire/record/message_id.h"
#include "wire/record/properties.h"

namespace sluice::wire::record {
namespace {

Message message() {
  return {.topic = "orders",
          .queue = QueueId(3),
          .flag = 7,
          .born_ms = 1'700'000'000'123,
          .reconsume_times = 2,
          .body = as_bytes("hello"),
          .properties = "KEYS\x01k1\x02TAGS\x01red",
          .extra_properties =
              "CLUSTER\x01"
              "c\x02"};
}

Placement placement() {
  return {.offset = QueueOffset(42), .position = LogPosition(4096), .store_ms = 1'700'000'000'200};
}

std::vector<std::byte> encoded(const Message& m, const Placement& p) {
  const auto size = encoded_size(m, p.store_host);
  EXPECT_TRUE(size);
  std::vector<std::byte> bytes(static_cast<std::size_t>(*size));
  encode(m, p, body_crc(m.body), bytes.data());
  return bytes;
}

TEST(Record, ReadsBackWhatItWrote) {
  const auto bytes = encoded(message(), placement());
  const Scan got = scan(bytes, CrcCheck::verify);
  ASSERT_EQ(got.kind, Scan::Kind::record) << got.problem;
  EXPECT_EQ(got.record.size, static_cast<std::int32_t>(bytes.size()));
  EXPECT_EQ(got.record.message.topic, "orders");
  EXPECT_EQ(got.record.message.queue, QueueId(3));
  EXPECT_EQ(as_text(got.record.message.body), "hello");
  EXPECT_EQ(got.record.message.reconsume_times, 2);
  EXPECT_EQ(got.record.placement.offset, QueueOffset(42));
  EXPECT_EQ(got.record.placement.position, LogPosition(4096));
}

TEST(Record, ClosesTheClientsLastPropertyBeforeItAddsItsOwn) {
  const auto bytes = encoded(message(), placement());
  const Scan got = scan(bytes, CrcCheck::verify);
  EXPECT_EQ(got.record.message.properties,
            "KEYS\x01k1\x02TAGS\x01red\x02"
            "CLUSTER\x01"
            "c\x02");
}

TEST(Record, TakesNinetyOneBytesBesideItsTexts) {
  Message m{.topic = "T"};
  EXPECT_EQ(*encoded_size(m, {}), 92);
  m.born_host.v6 = true;
  EXPECT_EQ(*encoded_size(m, {}), 104);
  const std::string long_topic(128, 't');
  m.topic = long_topic;
  EXPECT_EQ(*encoded_size(m, {}), 104 + 128);
}

TEST(Record, WritesLongTopicsInTheSecondForm) {
  const std::string topic(200, 't');
  Message m = message();
  m.topic = topic;
  const auto bytes = encoded(m, placement());
  EXPECT_EQ(load_be<std::uint32_t>(bytes.data() + 4), kMagicV2);
  EXPECT_EQ(scan(bytes, CrcCheck::verify).record.message.topic, topic);
}

TEST(Record, RefusesPropertiesThatDoNotFitTheirLengthField) {
  const std::string properties(32768, 'p');
  Message m = message();
  m.properties = properties;
  EXPECT_EQ(encoded_size(m, {}).error().code(), Errc::message_illegal);
}

TEST(Record, SeesEveryDamagedByteOfTheBodyAndEveryWrongLength) {
  const auto good = encoded(message(), placement());
  auto bad = good;
  bad[88] ^= std::byte{1};  // the body's first byte
  EXPECT_EQ(scan(bad, CrcCheck::verify).kind, Scan::Kind::damaged);
  for (const std::size_t at : {std::size_t{3}, std::size_t{4}, std::size_t{87}, std::size_t{93}}) {
    bad = good;
    bad[at] ^= std::byte{0x40};
    EXPECT_EQ(scan(bad, CrcCheck::skip).kind, Scan::Kind::damaged) << at;
  }
  for (std::size_t n = 1; n < good.size(); ++n) {
    EXPECT_EQ(scan(Bytes(good).first(n), CrcCheck::skip).kind, Scan::Kind::damaged) << n;
  }
}

TEST(Record, KnowsTheEndAndTheBlankOfASegment) {
  std::vector<std::byte> bytes(64);
  EXPECT_EQ(scan(bytes, CrcCheck::verify).kind, Scan::Kind::end);
  encode_blank(64, bytes.data());
  const Scan blank = scan(bytes, CrcCheck::verify);
  EXPECT_EQ(blank.kind, Scan::Kind::blank);
  EXPECT_EQ(blank.record.size, 64);
}

TEST(Properties, TheLastOfANameCountsAndMalformedPairsAreSkipped) {
  const std::string_view text =
      "A\x01"
      "1\x02junk\x02"
      "B\x01\x02"
      "A\x01"
      "2";
  EXPECT_EQ(find_property(text, "A"), "2");
  EXPECT_EQ(find_property(text, "B"), "");
  EXPECT_EQ(find_property(text, "junk"), "");
}

TEST(Properties, AppendingClosesAnOpenPair) {
  std::string text =
      "A\x01"
      "1";
  append_property(text, "B", "2");
  EXPECT_EQ(text,
            "A\x01"
            "1\x02"
            "B\x01"
            "2\x02");
}

TEST(Properties, TagsCodeIsJavasHash) {
  EXPECT_EQ(tags_code("ta"), 3693);
  EXPECT_EQ(tags_code(""), 0);
}

TEST(MessageId, IsAddressPortAndPositionInHex) {
  Host host{.address = {std::byte{10}, std::byte{0}, std::byte{0}, std::byte{1}}, .port = 10911};
  const std::string id = message_id(host, LogPosition(0x1234));
  EXPECT_EQ(id, "0A00000100002A9F0000000000001234");
  const auto parts = parse_message_id(id);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->store_host, host);
  EXPECT_EQ(parts->position, LogPosition(0x1234));
  host.v6 = true;
  EXPECT_EQ(parse_message_id(message_id(host, LogPosition(5)))->store_host, host);
}

TEST(MessageId, RefusesWhatIsNotOne) {
  EXPECT_FALSE(parse_message_id(""));
  EXPECT_FALSE(parse_message_id(std::string(32, 'G')));
  EXPECT_FALSE(parse_message_id(std::string(31, '0')));
}

TEST(UniqueIds, NeverGivesTheSameTwiceInOneMillisecond) {
  UniqueIds ids({}, 77, 99);
  const WallTime now = from_unix_ms(1'700'000'000'000);
  const std::string a = ids.next(now), b = ids.next(now);
  EXPECT_EQ(a.size(), 32u);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace sluice::wire::record
