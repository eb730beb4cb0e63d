#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <sluice/client.h>
#include <sluice/error.h>

#include "app/cli/session.h"
#include "base/result.h"

namespace sluice::app {

/// How a verb that is built on the client library finds the cluster, and as whom it comes.
struct ReachOptions {
  ConnectOptions connect;
  std::string name_space, instance;
  std::string access_key, secret_key, security_token;
  bool tls = false;
  std::string tls_check = "name", tls_ca, tls_certificate, tls_key, tls_key_password;
};

/// --namesrv, --timeout, --namespace, and those of access control and TLS.
void add_reach_options(CLI::App& verb, ReachOptions& options);

ClientOptions client_options(const ReachOptions& options);

/// A Failure of the library as this program's errors are.
Error error_of(const Failure& failure);
/// The same for an outcome without a value.
Result<void> result_of(const sluice::Outcome<void>& outcome);

}  // namespace sluice::app
