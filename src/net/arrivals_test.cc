#include "net/arrivals.h"

#include <array>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::net {
namespace {

/// Two ends of a TCP connection over loopback.
struct Ends {
  Ends() : listener(::socket(AF_INET, SOCK_STREAM, 0)), from(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const where = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    ::bind(listener, where, size);
    ::listen(listener, 1);
    ::getsockname(listener, where, &size);
    ::connect(from, where, size);
    to = ::accept(listener, nullptr, nullptr);
  }
  ~Ends() {
    for (const int socket : {listener, from, to}) ::close(socket);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  int listener, from, to = -1;
};

TEST(Arrivals, ReadsLikeReadvAndKnowsWhenItCame) {
  const Ends ends;
  Arrivals arrivals;
  arrivals.watch(ends.to);
  ASSERT_TRUE(arrivals.watching());
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_EQ(::send(ends.from, "abcdef", 6, 0), 6);
  std::array<char, 2> first{};
  std::array<char, 16> second{};
  const std::array<iovec, 2> parts{iovec{first.data(), first.size()},
                                   iovec{second.data(), second.size()}};
  ASSERT_EQ(arrivals.read(ends.to, parts), 6);
  EXPECT_EQ(std::string(first.data(), 2) + second.data(), "abcdef");
  const auto most = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(arrivals.age(), std::chrono::ceil<milliseconds>(most));
}

TEST(Arrivals, AreNotKnownWithoutBeingAskedFor) {
  const Ends ends;
  Arrivals arrivals;
  ASSERT_EQ(::send(ends.from, "x", 1, 0), 1);
  std::array<char, 1> byte{};
  const std::array<iovec, 1> parts{iovec{byte.data(), byte.size()}};
  ASSERT_EQ(arrivals.read(ends.to, parts), 1);
  EXPECT_EQ(arrivals.age(), milliseconds(0));
}

}  // namespace
}  // namespace sluice::net
