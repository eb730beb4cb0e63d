#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/address.h"
#include "net/out_queue.h"

namespace sluice::net {

class Reactor;
class Connection;

inline constexpr std::size_t kHeadBytesMax = 16;

/// What a door makes of one connection's bytes. Every call comes on the connection's reactor.
class Session {
 public:
  virtual ~Session() = default;
  /// Size of the frame that starts `bytes`; 0 while that cannot be told yet, which kHeadBytesMax
  /// bytes must suffice for. An error closes the connection.
  virtual Result<std::size_t> frame_size(Bytes bytes) = 0;
  /// All whole frames that have arrived, in order, to be handled and answered in one go. The bytes
  /// may be changed, and are gone after the call unless Connection::keep_frames() was called.
  virtual void on_frames(std::span<const MutableBytes> frames) = 0;
  /// All answers so far have been given to the socket.
  virtual void on_written() {}
  /// The connection is closed; the last call.
  virtual void on_closed() = 0;
};

struct ConnectionLimits {
  std::size_t output_bytes_max =
      8 << 20;                     ///< above it no more is read from the peer until it has read
  milliseconds idle_max{120'000};  ///< without traffic for longer: closed; 0 never
  bool stamp_arrivals = false;     ///< for Connection::age()
};

/// A TCP connection on one reactor. Reactor's thread only, but for what is said otherwise.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  virtual ~Connection() = default;

  virtual Reactor& reactor() = 0;            ///< any thread
  virtual const Address& local() const = 0;  ///< any thread
  virtual const Address& peer() const = 0;   ///< any thread
  virtual bool is_open() const = 0;
  /// How long ago the newest bytes read had come to this machine; 0 where that is not known (with
  /// TLS, or without ConnectionLimits::stamp_arrivals).
  virtual milliseconds age() const { return milliseconds(0); }

  /// Within on_frames(): its frames stay where they are until Reactor::let_frames_go(). False: too
  /// much is kept already.
  virtual bool keep_frames() = 0;
  /// Where answers go; written by flush(). Within on_frames() the flush comes by itself afterwards.
  virtual OutQueue& out() = 0;
  /// Writes what the socket takes now; the rest follows when it can.
  virtual void flush() = 0;
  /// Until release() nothing of what is in out() is written, whoever flushes: for answers that must
  /// not leave yet. False: it is held already.
  virtual bool hold() = 0;
  virtual void release() = 0;
  /// Closes at once; on_closed() follows, once.
  virtual void close() = 0;
};

}  // namespace sluice::net
