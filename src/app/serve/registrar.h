#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "naming/name_server.h"
#include "net/address.h"
#include "net/reactor.h"

namespace sluice::app {

/// Who the broker says it is.
struct BrokerIdentity {
  std::string cluster, name;
  std::int64_t id = 0;
  std::string host;  ///< brokerIP1; empty: the address by which each name server is reached
  std::uint16_t port = 0;
};

/// Enters the broker in a name server of this process.
Result<void> register_here(naming::NameServer& names, const broker::Broker& broker,
                           const BrokerIdentity& identity, SteadyTime now);

/// Keeps the broker registered at name servers elsewhere (Apache's or ours): at once, every 30 s
/// and after each change of its topics. A name server that cannot be reached is tried again; the
/// others do not wait for it.
class Registrar {
 public:
  static constexpr milliseconds kPeriod{30'000};
  static constexpr milliseconds kRetry{2'000};

  Registrar(net::Reactor& reactor, broker::Broker& broker, const BrokerIdentity& identity,
            std::vector<net::Endpoint> servers);
  ~Registrar();
  /// Any thread. Several changes within a moment make one registration.
  void topics_changed();
  /// Takes the broker out of the name servers and closes the connections.
  void close();

 private:
  class Link;
  net::Reactor& reactor_;
  std::vector<std::shared_ptr<Link>> links_;
  std::atomic<bool> posted_{false};
};

}  // namespace sluice::app
