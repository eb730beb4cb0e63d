#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "net/connection.h"
#include "net/reactor.h"
#include "net/tls.h"

namespace sluice::net {

/// Makes the session of a new connection, on that connection's reactor.
using MakeSession = std::function<std::unique_ptr<Session>(const std::shared_ptr<Connection>&)>;

struct ListenOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;                ///< 0: any free one, see port()
  std::size_t connections_max = 10'000;  ///< further ones are closed at once
  ConnectionLimits limits;
};

/// A listening port whose connections are spread over the reactors in turn.
class Listener {
 public:
  /// Errors: in_use (names address and port), not_permitted, invalid_argument.
  static Result<std::unique_ptr<Listener>> open(ReactorPool& reactors, ListenOptions options,
                                                MakeSession make);
  virtual ~Listener() = default;
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
  /// Accepts no more and closes what is connected. Before ReactorPool::stop().
  virtual void close() = 0;
};

/// Connects to `endpoint`, encrypted when `tls` is given. `done` gets the connection, with its
/// session started, or the error (closed, timed_out; the remark names the address) on the
/// reactor's thread.
void connect(Reactor& reactor, const Endpoint& endpoint, milliseconds timeout,
             ConnectionLimits limits, MakeSession make,
             std::move_only_function<void(Result<std::shared_ptr<Connection>>)> done,
             std::shared_ptr<const TlsClient> tls = nullptr);

}  // namespace sluice::net
