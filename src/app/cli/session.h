#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "client/cluster.h"
#include "net/reactor.h"

namespace sluice::app {

/// How a verb finds the cluster.
struct ConnectOptions {
  std::string name_servers = "127.0.0.1:9876";
  std::int64_t timeout_ms = client::kCallTimeout.count();
};

/// --namesrv and --timeout.
void add_connect_options(CLI::App& verb, ConnectOptions& options);

/// A client for the time of one verb.
class ClientSession {
 public:
  /// Errors: invalid_argument (an address that is none).
  static Result<std::unique_ptr<ClientSession>> open(const ConnectOptions& options);
  client::Cluster& cluster() { return cluster_; }

 private:
  ClientSession(std::vector<std::string> name_servers, milliseconds timeout);
  net::ReactorPool reactors_{1};
  client::Remoting remoting_;
  client::Cluster cluster_;
};

/// Says on standard error what went wrong and what to do about it. Gives the exit status.
int report(const Error& error);

/// report() of an error, or kExitOk.
int exit_status(const Result<void>& result);

}  // namespace sluice::app
