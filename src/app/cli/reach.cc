#include "app/cli/reach.h"

#include <map>

namespace sluice::app {
namespace {

struct TextRow {
  const char* name;
  std::string ReachOptions::* field;
  const char* help;
  const char* environment =
      nullptr;  ///< keeps a secret off the command line, which others can read
};
constexpr TextRow kTexts[] = {
    {"--namespace", &ReachOptions::name_space,
     "Topics and groups are those of this namespace: 'namespace%topic' to brokers"},
    {"--access-key", &ReachOptions::access_key, "Sign requests, as RocketMQ's access control asks",
     "SLUICE_ACCESS_KEY"},
    {"--secret-key", &ReachOptions::secret_key, "To sign with", "SLUICE_SECRET_KEY"},
    {"--security-token", &ReachOptions::security_token, "Of temporary keys",
     "SLUICE_SECURITY_TOKEN"},
    {"--tls-ca", &ReachOptions::tls_ca, "PEM file of the authorities to trust; else the system's"},
    {"--tls-cert", &ReachOptions::tls_certificate, "PEM file of this client's certificate"},
    {"--tls-key", &ReachOptions::tls_key, "PEM file of that certificate's key"},
    {"--tls-key-password", &ReachOptions::tls_key_password, "Of the key",
     "SLUICE_TLS_KEY_PASSWORD"},
};

const std::map<std::string, TlsCheck> kChecks{
    {"name", TlsCheck::name}, {"issuer", TlsCheck::issuer}, {"none", TlsCheck::none}};

}  // namespace

void add_reach_options(CLI::App& verb, ReachOptions& options) {
  add_connect_options(verb, options.connect);
  for (const TextRow& row : kTexts) {
    auto* option = verb.add_option(row.name, options.*row.field, row.help)->group("Cluster");
    if (row.environment != nullptr) option->envname(row.environment);
  }
  verb.get_option("--access-key")->needs("--secret-key");
  verb.get_option("--secret-key")->needs("--access-key");
  verb.add_flag("--tls", options.tls, "Encrypt every connection")->group("Cluster");
  verb.add_option("--tls-check", options.tls_check,
                  "How far certificates are looked at: name, issuer, or none")
      ->check(CLI::IsMember(kChecks))
      ->needs("--tls")
      ->group("Cluster");
  for (const char* name : {"--tls-ca", "--tls-cert", "--tls-key"}) {
    verb.get_option(name)->needs("--tls");
  }
}

ClientOptions client_options(const ReachOptions& options) {
  ClientOptions out{.name_servers = options.connect.name_servers,
                    .instance = options.instance,
                    .request_timeout = milliseconds(options.connect.timeout_ms),
                    .name_space = options.name_space};
  out.credentials = {.access_key = options.access_key,
                     .secret_key = options.secret_key,
                     .security_token = options.security_token};
  out.tls = {.enabled = options.tls,
             .check = kChecks.at(options.tls_check),
             .ca_file = options.tls_ca,
             .certificate_file = options.tls_certificate,
             .key_file = options.tls_key,
             .key_password = options.tls_key_password};
  return out;
}

Error error_of(const Failure& failure) {
  return {static_cast<Errc>(failure.code.value() - 1), failure.remark};
}

Result<void> result_of(const sluice::Outcome<void>& outcome) {
  if (outcome.has_value()) return {};
  return fail(error_of(outcome.error()));
}

}  // namespace sluice::app
