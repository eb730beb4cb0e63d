#pragma once

// Inside net only: the Connection over a TCP socket.

#include <array>
#include <functional>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>

#include "net/arrivals.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/reactor.h"
#include "net/tls.h"

/// The Connection over a TCP socket.
namespace sluice::net {

class TcpConnection final : public Connection {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  /// `closed` is called once, after the session's on_closed(). `tls` has done its handshake; null:
  /// bytes go as they are.
  TcpConnection(Reactor& reactor, Socket socket, ConnectionLimits limits,
                std::function<void()> closed, std::unique_ptr<TlsStream> tls = nullptr);
  ~TcpConnection() override;

  /// Makes the session and begins to read. On the reactor's thread.
  void start(const MakeSession& make);

  Reactor& reactor() override { return reactor_; }
  const Address& local() const override { return local_; }
  const Address& peer() const override { return peer_; }
  bool is_open() const override { return open_; }
  milliseconds age() const override { return arrivals_.age(); }
  OutQueue& out() override;
  void flush() override;
  bool hold() override { return !std::exchange(held_, true); }
  void release() override;
  bool keep_frames() override;
  void close() override;

 private:
  void wait_readable();
  void wait_writable();
  void watch_idle();
  void on_readable();
  void read_on();
  ssize_t receive(std::span<const iovec> parts);
  ssize_t transmit(std::span<iovec> parts);
  /// Reads once. False when there is nothing to read, or the connection is closed.
  bool read_once();
  void take_in(std::size_t n);
  bool split(MutableBytes run);
  void keep(Bytes rest, std::size_t frame_bytes);
  void deliver();
  std::shared_ptr<TcpConnection> self() {
    return std::static_pointer_cast<TcpConnection>(shared_from_this());
  }

  Reactor& reactor_;
  Loop& loop_;
  Socket socket_;
  std::unique_ptr<TlsStream> tls_;
  const ConnectionLimits limits_;
  Arrivals arrivals_;
  std::function<void()> closed_;
  Address local_, peer_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<OutQueue> out_;  // present while there is something to write
  Timer idle_timer_;
  SteadyTime active_;
  bool open_ = true;
  bool delivering_ = false;
  bool keeping_ = false;  // the frames being delivered
  bool held_ = false;
  bool waiting_writable_ = false;
  bool paused_ = false;  // not reading: the peer does not read what it is sent

  // A frame that has arrived in part: its first bytes while its size cannot be told, then the frame
  // itself.
  std::array<std::byte, kHeadBytesMax> head_;
  std::size_t head_bytes_ = 0;
  Buffer partial_;
  std::size_t partial_size_ = 0;  // when it is whole; 0: there is none
};

}  // namespace sluice::net
