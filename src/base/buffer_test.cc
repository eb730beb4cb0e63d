#include "base/buffer.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Buffer, KeepsItsBytesWhenItGrows) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece = std::to_string(i) + ' ';
    buffer.append(std::string_view(piece));
    expected += piece;
  }
  EXPECT_EQ(as_text(buffer.bytes()), expected);
  EXPECT_GE(buffer.capacity(), buffer.size());
}

TEST(Buffer, CountsReservedBytesOnlyWhenCommitted) {
  Buffer buffer;
  std::byte* room = buffer.reserve(100);
  room[0] = std::byte{'x'};
  EXPECT_TRUE(buffer.empty());
  buffer.commit(1);
  EXPECT_EQ(as_text(buffer.bytes()), "x");
}

TEST(Buffer, KeepsItsMemoryWhenCleared) {
  Buffer buffer;
  buffer.append(std::string_view("text"));
  const std::size_t capacity = buffer.capacity();
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(Buffer, CutsItsEndOff) {
  Buffer buffer;
  buffer.append(std::string_view("text"));
  buffer.cut(2);
  buffer.append('!');
  EXPECT_EQ(as_text(buffer.bytes()), "te!");
}

TEST(Buffer, LeavesNothingBehindWhenMoved) {
  Buffer from;
  from.append(std::string_view("text"));
  Buffer to(std::move(from));
  EXPECT_EQ(from.size(), 0U);  // NOLINT(bugprone-use-after-move): that is what is tested
  from.append(std::string_view("new"));
  EXPECT_EQ(as_text(from.bytes()), "new");
  EXPECT_EQ(as_text(to.bytes()), "text");
  to = std::move(from);
  EXPECT_EQ(as_text(to.bytes()), "new");
}

TEST(Buffer, TakesEmptyRuns) {
  Buffer buffer;
  buffer.append(Bytes{});
  EXPECT_EQ(buffer.capacity(), 0U);
}

}  // namespace
}  // namespace sluice
