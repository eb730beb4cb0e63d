#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "client/remoting.h"
#include "net/connection.h"

namespace sluice::client {

/// One address: its connection, and the calls that wait for an answer on it. A connection that goes
/// away fails its calls; the next call makes a new one, but after a failed attempt not before a
/// pause, which doubles with each failure; calls within the pause fail at once. A connection on
/// which a call timed out and nothing at all has arrived since that call is closed: its peer, or
/// the way to it, is gone. Reactor's thread only.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(net::Reactor& reactor, net::Endpoint endpoint, std::shared_ptr<const net::TlsClient> tls,
       Remoting::OnRequest& on_request);

  /// Writes when the reactor's turn is over, together with all that came in it.
  void send(std::int32_t opaque, const Buffer& frame, milliseconds timeout, Remoting::Done done);
  void send_one_way(const Buffer& frame, milliseconds timeout);
  /// Ends every call with Errc::closed.
  void close();

 private:
  class Frames;
  struct Call {
    Remoting::Done done;
    SteadyTime sent, deadline;
  };

  static constexpr milliseconds kPauseMin{50}, kPauseMax{5'000};

  bool write(const Buffer& frame, milliseconds timeout);
  void flush_soon();
  void connect(milliseconds timeout);
  void on_connected(Result<std::shared_ptr<net::Connection>> connection);
  void on_frame(Bytes frame);
  void on_request(Answer request);
  void answer(std::int32_t opaque, const Response& reply);
  void on_closed();
  void watch(SteadyTime deadline);
  void expire();
  void finish(std::int32_t opaque, Result<Answer> result);
  void fail_all(Errc code, const std::string& why);

  net::Reactor& reactor_;
  const net::Endpoint endpoint_;
  const std::string address_;
  const std::shared_ptr<const net::TlsClient> tls_;
  Remoting::OnRequest& on_request_;
  std::shared_ptr<net::Connection> connection_;
  bool connecting_ = false, closed_ = false, flushing_ = false;
  SteadyTime not_before_;  ///< of the next attempt to connect
  milliseconds pause_{0};
  Buffer unsent_;  ///< until connected
  std::unordered_map<std::int32_t, Call> calls_;
  net::Timer deadline_timer_;
  std::optional<SteadyTime> watched_;  ///< when the timer fires
  SteadyTime heard_;                   ///< when the last frame arrived
};

}  // namespace sluice::client
