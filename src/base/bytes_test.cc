#include "base/bytes.h"

#include <array>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Bytes, StoresTheMostSignificantByteFirst) {
  std::array<std::byte, 4> raw{};
  store_be<std::uint32_t>(raw.data(), 0x01020304U);
  EXPECT_EQ(raw[0], std::byte{1});
  EXPECT_EQ(raw[3], std::byte{4});
  EXPECT_EQ(load_be<std::uint32_t>(raw.data()), 0x01020304U);
}

TEST(Bytes, KeepsTheSignOfEverySize) {
  std::array<std::byte, 8> raw{};
  store_be<std::int64_t>(raw.data(), -2);
  EXPECT_EQ(load_be<std::int64_t>(raw.data()), -2);
  store_be<std::int16_t>(raw.data(), -3);
  EXPECT_EQ(load_be<std::int16_t>(raw.data()), -3);
  store_be<std::int8_t>(raw.data(), -4);
  EXPECT_EQ(load_be<std::int8_t>(raw.data()), -4);
}

TEST(Bytes, ViewsTextAndBack) { EXPECT_EQ(as_text(as_bytes("a\0b")), "a"); }

TEST(ByteWriter, WritesWhatTheReaderTakes) {
  std::array<std::byte, 9> raw{};
  ByteWriter writer(raw.data());
  writer.put<std::int32_t>(-7);
  writer.put(std::string_view("abc"));
  writer.put(Bytes{});
  writer.put<std::uint16_t>(9);
  EXPECT_EQ(writer.at(), raw.data() + raw.size());

  ByteReader reader{Bytes(raw)};
  EXPECT_EQ(reader.take<std::int32_t>(), -7);
  EXPECT_EQ(reader.take_text(3), "abc");
  EXPECT_EQ(reader.left(), 2U);
  EXPECT_EQ(reader.take<std::uint16_t>(), 9);
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReader, GivesNothingMoreAfterATakeThatDoesNotFit) {
  const std::array<std::byte, 3> raw{std::byte{1}, std::byte{2}, std::byte{3}};
  ByteReader reader{Bytes(raw)};
  EXPECT_EQ(reader.take<std::uint32_t>(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.take<std::uint8_t>(), 0U) << "three bytes were there, but the order is lost";
  EXPECT_TRUE(reader.take_bytes(1).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, RefusesASizeFarBeyondTheEnd) {
  ByteReader reader{Bytes{}};
  EXPECT_TRUE(reader.take_bytes(static_cast<std::size_t>(-1)).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, TakesNothingFromNothing) {
  ByteReader reader{Bytes{}};
  EXPECT_TRUE(reader.take_bytes(0).empty());
  EXPECT_TRUE(reader.ok());
}

}  // namespace
}  // namespace sluice
