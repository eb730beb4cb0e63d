#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/reactor.h"

namespace sluice::net {
namespace {

constexpr std::size_t kHead = 4;

/// What the sessions of one reactor have kept to answer at the wake's end.
struct Wake {
  struct Kept {
    std::shared_ptr<Connection> connection;
    MutableBytes frame;
  };
  std::vector<Kept> kept;
  bool posted = false;
  std::atomic<int> shared{0};  // wakes with frames of several connections

  void end(Reactor& reactor) {
    for (const Kept& one : kept) {
      if (one.connection != kept.front().connection) {
        ++shared;
        break;
      }
    }
    for (const Kept& one : kept) {
      if (!one.connection->is_open()) continue;
      one.connection->out().text().append(Bytes(one.frame));
      one.connection->flush();
    }
    kept.clear();
    reactor.let_frames_go();
  }
};

/// Sends frames of a length in four bytes back, but at the end of the wake.
class LateEcho final : public Session {
 public:
  LateEcho(Wake& wake, const std::shared_ptr<Connection>& connection)
      : wake_(wake), connection_(*connection) {}
  Result<std::size_t> frame_size(Bytes bytes) override {
    return bytes.size() < kHead ? 0 : static_cast<std::size_t>(load_be<std::int32_t>(bytes.data()));
  }
  void on_frames(std::span<const MutableBytes> frames) override {
    for (const MutableBytes frame : frames) {
      wake_.kept.push_back({connection_.shared_from_this(), frame});
    }
    Reactor& reactor = connection_.reactor();
    if (!connection_.keep_frames()) return wake_.end(reactor);
    if (std::exchange(wake_.posted, true)) return;
    reactor.post([&wake = wake_, &reactor] {
      wake.posted = false;
      wake.end(reactor);
    });
  }
  void on_closed() override {}

 private:
  Wake& wake_;
  Connection& connection_;
};

int dial(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  return socket;
}

/// Frames of many sizes, each with bytes of its own, some larger than what a read brings.
std::string frames_of(unsigned client) {
  std::string all;
  for (unsigned i = 0; i < 300; ++i) {
    const std::size_t size =
        i % 100 == 57 ? 700'000 : kHead + 1 + (i * 7'919 + client * 104'729) % 3'000;
    const std::size_t start = all.size();
    all.resize(start + size);
    store_be(reinterpret_cast<std::byte*>(all.data() + start), static_cast<std::int32_t>(size));
    for (std::size_t at = start + kHead; at < all.size(); ++at) {
      all[at] = static_cast<char>(client * 31 + i * 17 + at);
    }
  }
  return all;
}

/// What comes back of `all`, which is sent meanwhile.
std::string echoed(std::uint16_t port, const std::string& all) {
  const int socket = dial(port);
  std::jthread sender([&] {
    for (std::size_t at = 0, step = 1; at < all.size(); at += step, step = step * 5 % 90'001 + 1) {
      const std::string_view part = std::string_view(all).substr(at, step);
      ASSERT_EQ(::send(socket, part.data(), part.size(), MSG_NOSIGNAL), std::ssize(part));
    }
  });
  std::string back(all.size(), '\0');
  std::size_t got = 0;
  while (got < back.size()) {
    const ssize_t n = ::recv(socket, back.data() + got, back.size() - got, 0);
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  back.resize(got);
  sender.join();
  ::close(socket);
  return back;
}

TEST(KeptFrames, StayWhatTheyAreUntilTheWakeIsOver) {
  ReactorPool reactors(1);
  Wake wake;
  ListenOptions options;
  options.address = "127.0.0.1";
  auto listener =
      Listener::open(reactors, options, [&](const std::shared_ptr<Connection>& connection) {
        return std::make_unique<LateEcho>(wake, connection);
      });
  ASSERT_TRUE(listener) << listener.error().remark();
  {
    std::vector<std::jthread> clients;
    for (unsigned i = 0; i < 8; ++i) {
      clients.emplace_back([&, i] {
        const std::string all = frames_of(i);
        EXPECT_TRUE(echoed((*listener)->port(), all) == all) << "client " << i;
      });
    }
  }
  EXPECT_GT(wake.shared, 0);
  (*listener)->close();
}

}  // namespace
}  // namespace sluice::net
