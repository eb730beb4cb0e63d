#include "net/out_queue.h"

#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

std::string drain(OutQueue& queue, std::size_t step) {
  std::string out;
  std::array<iovec, 3> parts;
  while (!queue.empty()) {
    std::size_t room = step;
    std::size_t taken = 0;
    const std::size_t count = queue.gather(parts);
    EXPECT_GT(count, 0U);
    for (std::size_t i = 0; i < count && room > 0; ++i) {
      const std::size_t n = std::min(room, parts[i].iov_len);
      out.append(static_cast<const char*>(parts[i].iov_base), n);
      room -= n;
      taken += n;
    }
    queue.take(taken);
  }
  return out;
}

TEST(OutQueue, KeepsTheOrderOfOwnAndForeignBytesWhateverTheSocketTakes) {
  for (std::size_t step : {1UL, 7UL, 511UL, 512UL, 513UL, 5000UL, 100000UL}) {
    OutQueue queue;
    std::string expected;
    std::mt19937 random(42);
    for (int i = 0; i < 40; ++i) {
      const std::string own(random() % 50, static_cast<char>('a' + i % 26));
      queue.text().append(own);
      auto foreign =
          std::make_shared<std::string>(random() % 2000, static_cast<char>('A' + i % 26));
      queue.add(as_bytes(*foreign), foreign);
      expected += own + *foreign;
    }
    EXPECT_EQ(queue.size(), expected.size());
    EXPECT_EQ(drain(queue, step), expected) << "step " << step;
  }
}

TEST(OutQueue, LetsOwnersGoOnceTheirBytesAreWritten) {
  OutQueue queue;
  auto owner = std::make_shared<std::string>(4096, 'x');
  queue.text().append(std::string_view("head"));
  queue.add(as_bytes(*owner), owner);
  queue.text().append(std::string_view("tail"));
  EXPECT_EQ(owner.use_count(), 2);
  queue.take(4 + 4095);
  EXPECT_EQ(owner.use_count(), 2);
  queue.take(1);
  EXPECT_EQ(owner.use_count(), 1);
  EXPECT_EQ(drain(queue, 1), "tail");
}

TEST(OutQueue, CopiesShortRuns) {
  OutQueue queue;
  auto owner = std::make_shared<std::string>(OutQueue::kCopyBelow - 1, 'x');
  queue.add(as_bytes(*owner), owner);
  EXPECT_EQ(owner.use_count(), 1);
}

}  // namespace
}  // namespace sluice::net
