#pragma once

#include <unordered_map>
#include <vector>

#include "client/remoting.h"
#include "net/connection.h"

namespace sluice::client {

/// One address: its connection, and the calls that wait for an answer on it. A connection that goes
/// away fails its calls; the next call makes a new one. Reactor's thread only.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(net::Reactor& reactor, net::Endpoint endpoint)
      : reactor_(reactor), endpoint_(std::move(endpoint)) {}

  void send(std::int32_t opaque, Buffer frame, milliseconds timeout, Remoting::Done done);
  /// Ends every call with Errc::closed.
  void close();

 private:
  class Frames;
  struct Call {
    Remoting::Done done;
    std::unique_ptr<net::Timer> deadline;
  };

  void connect(milliseconds timeout);
  void on_connected(Result<std::shared_ptr<net::Connection>> connection);
  void on_frame(Bytes frame);
  void on_closed();
  void refuse(const wire::remoting::Command& request);
  void finish(std::int32_t opaque, Result<Answer> result);
  void fail_all(Errc code, const std::string& why);
  std::string address() const;

  net::Reactor& reactor_;
  const net::Endpoint endpoint_;
  std::shared_ptr<net::Connection> connection_;
  bool connecting_ = false;
  bool closed_ = false;
  std::vector<Buffer> unsent_;  ///< until connected
  std::unordered_map<std::int32_t, Call> calls_;
};

}  // namespace sluice::client
