#include "net/tcp_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/assert.h"
#include "base/log.h"
#include "net/socket_address.h"

namespace sluice::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kGatherMax = 128;  // scatter entries per write
constexpr int kReadsPerWake = 4;         // so that one busy peer does not starve the others

}  // namespace

TcpConnection::TcpConnection(Reactor& reactor, Socket socket, ConnectionLimits limits,
                             std::function<void()> closed, std::unique_ptr<TlsStream> tls)
    : reactor_(reactor),
      loop_(reactor.loop()),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      limits_(limits),
      closed_(std::move(closed)),
      idle_timer_(reactor, [this] { watch_idle(); }) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  if (limits_.stamp_arrivals && !tls_) arrivals_.watch(socket_.native_handle());
  local_ = to_address(socket_.local_endpoint(ignored));
  peer_ = to_address(socket_.remote_endpoint(ignored));
}

TcpConnection::~TcpConnection() {
  if (open_ && closed_) closed_();
}

void TcpConnection::start(const MakeSession& make) {
  session_ = make(shared_from_this());
  active_ = Loop::now();
  if (limits_.idle_max.count() > 0) idle_timer_.arm(limits_.idle_max);
  wait_readable();
}

void TcpConnection::watch_idle() {
  const auto left = active_ + limits_.idle_max - Loop::now();
  if (!open_) return;
  if (left.count() > 0) return idle_timer_.arm(left);
  log::debug("connection idle, closed", {{"peer", peer_.text()}});
  close();
}

void TcpConnection::wait_readable() {
  socket_.async_wait(tcp::socket::wait_read, [self = self()](error_code error) {
    if (!error && self->open_) self->on_readable();
  });
}

void TcpConnection::wait_writable() {
  if (waiting_writable_) return;
  waiting_writable_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = self()](error_code error) {
    self->waiting_writable_ = false;
    if (error || !self->open_) return;
    self->active_ = Loop::now();
    self->flush();
  });
}

void TcpConnection::on_readable() {
  active_ = Loop::now();
  for (int i = 0; i < kReadsPerWake; ++i) {
    if (!read_once()) break;
    if (out_ && out_->size() > limits_.output_bytes_max) {
      paused_ = true;  // flush() reads on once the peer has taken its answers
      return;
    }
  }
  read_on();
}

void TcpConnection::read_on() {
  if (!open_) return;
  if (!tls_) return wait_readable();
  if (out_) flush();  // a record that was to be read first may have come
  if (!open_) return;
  if (!tls_->pending()) return wait_readable();
  reactor_.post([self = self()] {
    if (self->open_) self->on_readable();
  });
}

ssize_t TcpConnection::receive(std::span<const iovec> parts) {
  if (tls_) return tls_->read(parts);
  if (arrivals_.watching()) return arrivals_.read(socket_.native_handle(), parts);
  return ::readv(socket_.native_handle(), parts.data(), static_cast<int>(parts.size()));
}

ssize_t TcpConnection::transmit(std::span<iovec> parts) {
  if (tls_) return tls_->write(parts);
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
}

bool TcpConnection::read_once() {
  std::array<iovec, 2> parts;
  std::size_t count = 0;
  const std::size_t room_in_buffer = loop_.room() - head_bytes_;
  std::size_t room = room_in_buffer;
  if (partial_size_ > 0) {
    const std::size_t missing = partial_size_ - partial_.size();
    parts[count++] = {partial_.reserve(missing), missing};
    room += missing;
  }
  std::copy_n(head_.begin(), head_bytes_, loop_.read_to());
  parts[count++] = {loop_.read_to() + head_bytes_, room_in_buffer};
  const ssize_t n = receive(std::span(parts).first(count));
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0) {
    close();
    return false;
  }
  take_in(static_cast<std::size_t>(n));
  // Else the read has emptied the socket; a TLS record ends every read, though.
  return open_ && (tls_ || static_cast<std::size_t>(n) == room);
}

void TcpConnection::take_in(std::size_t n) {
  loop_.frames.clear();
  std::size_t in_buffer = head_bytes_ + n;
  Buffer whole;  // keeps a completed frame alive over deliver()
  if (partial_size_ > 0) {
    const std::size_t taken = std::min(n, partial_size_ - partial_.size());
    partial_.commit(taken);
    if (partial_.size() < partial_size_) return;
    in_buffer = n - taken;
    whole = std::move(partial_);
    loop_.frames.emplace_back(whole.data(), std::exchange(partial_size_, 0));
  }
  head_bytes_ = 0;
  loop_.run_end = loop_.kept + in_buffer;
  if (split({loop_.read_to(), in_buffer})) deliver();
  if (!std::exchange(keeping_, false)) return loop_.spares.give_back(std::move(whole));
  loop_.kept = loop_.run_end;
  if (!whole.empty()) loop_.kept_frames.push_back(std::move(whole));
}

bool TcpConnection::split(MutableBytes run) {
  while (!run.empty()) {
    const auto size = session_->frame_size(run);
    if (!size) {
      log::warn("connection closed", {{"peer", peer_.text()}, {"reason", size.error().remark()}});
      close();
      return false;
    }
    if (*size == 0 || *size > run.size()) {
      keep(run, *size);
      break;
    }
    loop_.frames.push_back(run.first(*size));
    run = run.subspan(*size);
  }
  return true;
}

void TcpConnection::keep(Bytes rest, std::size_t frame_bytes) {
  if (frame_bytes == 0) {
    SLUICE_ASSERT(rest.size() <= head_.size());
    std::copy(rest.begin(), rest.end(), head_.begin());
    head_bytes_ = rest.size();
    return;
  }
  // Not touched beyond what has arrived: a peer that announces much and sends little costs little.
  partial_ = loop_.spares.take_buffer(frame_bytes);
  partial_.reserve(frame_bytes);
  partial_.append(rest);
  partial_size_ = frame_bytes;
}

void TcpConnection::deliver() {
  if (loop_.frames.empty()) return;
  delivering_ = true;
  session_->on_frames(loop_.frames);
  delivering_ = false;
  if (open_) flush();
}

bool TcpConnection::keep_frames() {
  keeping_ = delivering_ && loop_.run_end <= Loop::kKeptMax;
  return keeping_;
}

OutQueue& TcpConnection::out() {
  if (!out_) out_ = loop_.spares.take_queue();
  return *out_;
}

void TcpConnection::flush() {
  if (delivering_ || held_ || !open_ || !out_) return;
  std::array<iovec, kGatherMax> parts;
  while (!out_->empty()) {
    const ssize_t n = transmit(std::span(parts).first(out_->gather(parts)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN && tls_ && tls_->wants_read()) return;  // read_on() comes back
    if (n < 0 && errno == EAGAIN) return wait_writable();
    if (n < 0) return close();
    out_->take(static_cast<std::size_t>(n));
  }
  loop_.spares.give_back(std::move(out_));
  if (session_) session_->on_written();
  if (std::exchange(paused_, false)) wait_readable();
}

void TcpConnection::release() {
  held_ = false;
  flush();
}

void TcpConnection::close() {
  if (!std::exchange(open_, false)) return;
  idle_timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  partial_ = {};
  partial_size_ = 0;
  // Not from within a call of the session's own.
  reactor_.post([self = self()] {
    self->out_.reset();
    if (self->session_) self->session_->on_closed();
    self->session_.reset();
    if (self->closed_) self->closed_();
  });
}

}  // namespace sluice::net
