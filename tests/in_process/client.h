#pragma once

#include <cstdint>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "wire/remoting/fields.h"

/// A blocking connection to the broker under test: requests are collected, then written together;
/// answers come one by one.
namespace sluice::in_process {

namespace remoting = wire::remoting;

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <class Request>
  void add(const Request& request, Bytes body = {}) {
    remoting::FrameWriter frame(out_, {.code = Request::kCode, .opaque = ++opaque_});
    Request::Wire::encode(request, frame);
    frame.finish(body.size());
    out_.append(body);
  }
  void write() {
    for (Bytes rest = out_.bytes(); !rest.empty();) {
      const ssize_t n = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      rest = rest.subspan(static_cast<std::size_t>(n));
    }
    out_.clear();
  }
  /// Its views hold until the next call.
  const remoting::Command& answer() {
    while (true) {
      const MutableBytes held(in_.data() + used_, in_.size() - used_);
      const std::size_t size = remoting::frame_size(held).value_or(0);
      if (size > 0 && size <= held.size()) {
        used_ += size;
        EXPECT_TRUE(remoting::decode(held.first(size), command_).has_value());
        if (command_.is_response()) return command_;
        continue;  // the broker tells that a member has come
      }
      std::copy(in_.data() + used_, in_.data() + in_.size(), in_.data());
      in_.cut(in_.size() - std::exchange(used_, 0));
      std::byte* const to = in_.reserve(kReadBytes);
      const ssize_t n = ::recv(socket_, to, kReadBytes, 0);
      EXPECT_GT(n, 0);
      if (n <= 0) return command_ = {}, command_;
      in_.commit(static_cast<std::size_t>(n));
    }
  }

 private:
  static constexpr std::size_t kReadBytes = 1 << 20;
  int socket_;
  std::int32_t opaque_ = 0;
  Buffer out_, in_;
  std::size_t used_ = 0;
  remoting::Command command_;
};

}  // namespace sluice::in_process
