#pragma once

#include <memory>
#include <string>

#include "app/serve/periodic.h"
#include "doors/remoting/names/door.h"
#include "naming/name_server.h"
#include "net/reactor.h"
#include "store/disk.h"

/// A name server as the program runs it: tables, door, the KV file and expiry.
namespace sluice::app {

struct NameServiceOptions {
  net::ListenOptions listen;
  std::string kv_path;  ///< kvConfigPath
  std::function<std::string()> config_text;
};

/// A running name server: tables, door, and what has to be done from time to time.
class NameService {
 public:
  /// Errors: those of net::Listener::open; corrupt or io_error for the KV file.
  static Result<std::unique_ptr<NameService>> start(net::ReactorPool& reactors, store::Disk& disk,
                                                    const Clock& clock, NameServiceOptions options);
  ~NameService() { close(); }
  void close();

  naming::NameServer& names() { return names_; }
  std::uint16_t port() const { return door_->port(); }

 private:
  NameService() = default;

  naming::NameServer names_;
  std::unique_ptr<doors::NameDoor> door_;
  std::unique_ptr<Periodic> expiry_;
};

}  // namespace sluice::app
