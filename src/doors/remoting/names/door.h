#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "naming/name_server.h"
#include "net/listener.h"

/// The name server's door: clients ask it for routes, brokers register at it.
namespace sluice::doors {

struct NameDoorOptions {
  net::ListenOptions listen;
  std::function<std::string()> config_text;  ///< the settings as `key=value` lines
  /// Called after each change of the KV configuration, to keep it.
  std::function<void()> kv_changed;
};

/// Threads: made and closed by one thread; requests are served on the reactors.
class NameDoor {
 public:
  /// Listens and serves at once. names, clock and reactors outlive the door. Errors: those of
  /// net::Listener::open.
  static Result<std::unique_ptr<NameDoor>> open(naming::NameServer& names, const Clock& clock,
                                                net::ReactorPool& reactors,
                                                NameDoorOptions options);
  ~NameDoor();
  std::uint16_t port() const { return listener_->port(); }
  void close();

  naming::NameServer& names() { return names_; }
  const Clock& clock() const { return clock_; }
  const NameDoorOptions& options() const { return options_; }
  naming::ConnectionId next_connection() { return ++connections_; }

 private:
  NameDoor(naming::NameServer& names, const Clock& clock, NameDoorOptions options);

  naming::NameServer& names_;
  const Clock& clock_;
  const NameDoorOptions options_;
  std::atomic<naming::ConnectionId> connections_{0};
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluice::doors
