#include "app/cli/session.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/cli/commands.h"

namespace sluice::app {
namespace {

struct Advice {
  Errc code;
  int exit_status;
  std::string_view text;  ///< may be empty
};

constexpr Advice kAdvice[] = {
    {Errc::closed, kExitNotThere,
     "Is it running there, and reachable? Name servers are given with --namesrv host:port or in "
     "NAMESRV_ADDR."},
    {Errc::timed_out, kExitNotThere, "It may be busy or unreachable; --timeout waits longer."},
    {Errc::topic_not_found, kExitNotThere,
     "`sluice topic list` shows what there is, `sluice topic create` makes one."},
    {Errc::group_not_found, kExitNotThere, ""},
    {Errc::not_found, kExitNotThere, ""},
    {Errc::invalid_argument, kExitUsage, ""},
};

}  // namespace

void add_connect_options(CLI::App& verb, ConnectOptions& options) {
  verb.add_option("-n,--namesrv", options.name_servers,
                  "Name servers, host:port, with ';' between several")
      ->envname("NAMESRV_ADDR")
      ->capture_default_str();
  verb.add_option("--timeout", options.timeout_ms, "Milliseconds to wait for an answer")
      ->check(CLI::Range(1, 3'600'000))
      ->capture_default_str();
}

ClientSession::ClientSession(std::vector<std::string> name_servers, milliseconds timeout)
    : remoting_(reactors_.at(0)),
      cluster_(remoting_, {.name_servers = std::move(name_servers), .timeout = timeout}) {}

Result<std::unique_ptr<ClientSession>> ClientSession::open(const ConnectOptions& options) {
  SLUICE_TRY(std::vector<std::string> servers, client::parse_name_servers(options.name_servers));
  return std::unique_ptr<ClientSession>(
      new ClientSession(std::move(servers), milliseconds(options.timeout_ms)));
}

int report(const Error& error) {
  fmt::print(stderr, "sluice: {}\n", error.remark());
  const auto* advice = std::ranges::find(kAdvice, error.code(), &Advice::code);
  if (advice == std::end(kAdvice)) return kExitFailed;
  if (!advice->text.empty()) fmt::print(stderr, "  {}\n", advice->text);
  return advice->exit_status;
}

int exit_status(const Result<void>& result) { return result ? kExitOk : report(result.error()); }

}  // namespace sluice::app
