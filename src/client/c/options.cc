#include "client/c/options.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>

#include "base/numbers.h"
#include "client/c/guard.h"

namespace sluice::c {
namespace {

using Setter = bool (*)(sluice_options&, std::string_view);

std::optional<bool> switch_of(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

bool assign(std::string& to, std::string_view text) {
  to = text;
  return true;
}
bool assign(bool& to, std::string_view text) {
  const auto value = switch_of(text);
  if (value) to = *value;
  return value.has_value();
}
template <std::integral T>
bool assign(T& to, std::string_view text) {
  const auto value = parse_number<T>(text);
  if (value) to = *value;
  return value.has_value();
}
bool assign(std::chrono::milliseconds& to, std::string_view text) {
  std::int64_t count = 0;
  if (!assign(count, text) || count < 0) return false;
  to = std::chrono::milliseconds(count);
  return true;
}

template <class T>
struct Word {
  std::string_view text;
  T value;
};
template <class T, std::size_t n>
bool choose(T& to, std::string_view text, const Word<T> (&words)[n]) {
  const auto* found = std::ranges::find(words, text, &Word<T>::text);
  if (found == std::end(words)) return false;
  to = found->value;
  return true;
}
bool assign(TlsCheck& to, std::string_view text) {
  return choose(to, text,
                {{"name", TlsCheck::name}, {"issuer", TlsCheck::issuer}, {"none", TlsCheck::none}});
}
bool assign(Compression& to, std::string_view text) {
  return choose(
      to, text,
      {{"zlib", Compression::zlib}, {"lz4", Compression::lz4}, {"zstd", Compression::zstd}});
}
bool assign(StartAt& to, std::string_view text) {
  return choose(to, text, {{"first", StartAt::first}, {"last", StartAt::last}});
}

/// The options of that type.
template <class Options>
Options& part(sluice_options& o) {
  return std::get<Options&>(std::tie(o.client, o.producer, o.push, o.pull, o.simple));
}
template <class Options, class T>
bool assign_in(sluice_options& o, T Options::* member, std::string_view text) {
  return assign(part<Options>(o).*member, text);
}

bool subscribe(sluice_options& o, std::string_view text, bool sql) {
  const std::size_t equals = text.find('=');
  Subscription subscription{.topic = std::string(text.substr(0, equals)), .sql = sql};
  if (equals != std::string_view::npos) subscription.expression = text.substr(equals + 1);
  if (subscription.topic.empty() || (sql && equals == std::string_view::npos)) return false;
  for (auto* all : {&o.push.subscriptions, &o.pull.subscriptions, &o.simple.subscriptions}) {
    all->push_back(subscription);
  }
  return true;
}
bool subscribe_tags(sluice_options& o, std::string_view text) { return subscribe(o, text, false); }
bool subscribe_sql(sluice_options& o, std::string_view text) { return subscribe(o, text, true); }

template <auto... members>
bool set(sluice_options& o, std::string_view text) {
  return (assign_in(o, members, text) && ...);
}
template <auto member>
bool set_tls(sluice_options& o, std::string_view text) {
  return assign(o.client.tls.*member, text);
}
template <auto member>
bool set_key(sluice_options& o, std::string_view text) {
  return assign(o.client.credentials.*member, text);
}

struct Row {
  std::string_view name;
  Setter set;
};
using Push = PushConsumerOptions;
using Pull = PullConsumerOptions;
using Simple = SimpleConsumerOptions;
constexpr Row kRows[] = {
    {"name_servers", set<&ClientOptions::name_servers>},
    {"address_server", set<&ClientOptions::address_server>},
    {"instance", set<&ClientOptions::instance>},
    {"name_space", set<&ClientOptions::name_space>},
    {"request_timeout_ms", set<&ClientOptions::request_timeout>},
    {"access_key", set_key<&Credentials::access_key>},
    {"secret_key", set_key<&Credentials::secret_key>},
    {"security_token", set_key<&Credentials::security_token>},
    {"tls", set_tls<&TlsOptions::enabled>},
    {"tls_check", set_tls<&TlsOptions::check>},
    {"tls_ca_file", set_tls<&TlsOptions::ca_file>},
    {"tls_certificate_file", set_tls<&TlsOptions::certificate_file>},
    {"tls_key_file", set_tls<&TlsOptions::key_file>},
    {"tls_key_password", set_tls<&TlsOptions::key_password>},
    {"group", set<&ProducerOptions::group, &Push::group, &Pull::group, &Simple::group>},
    {"send_timeout_ms", set<&ProducerOptions::send_timeout>},
    {"retries", set<&ProducerOptions::retries>},
    {"max_bytes_in_flight", set<&ProducerOptions::max_bytes_in_flight>},
    {"max_message_bytes", set<&ProducerOptions::max_message_bytes>},
    {"compress_above", set<&ProducerOptions::compress_above>},
    {"compression", set<&ProducerOptions::compression>},
    {"linger_ms", set<&ProducerOptions::linger>},
    {"batch_bytes", set<&ProducerOptions::batch_bytes>},
    {"create_topic_queues", set<&ProducerOptions::create_topic_queues>},
    {"trace", set<&ProducerOptions::trace>},
    {"subscribe", subscribe_tags},
    {"subscribe_sql", subscribe_sql},
    {"start", set<&Push::start, &Pull::start, &Simple::start>},
    {"broadcasting", set<&Push::broadcasting, &Pull::broadcasting>},
    {"offset_directory", set<&Push::offset_directory, &Pull::offset_directory>},
    {"max_cached_messages", set<&Push::max_cached_messages, &Pull::max_cached_messages>},
    {"max_cached_bytes", set<&Push::max_cached_bytes, &Pull::max_cached_bytes>},
    {"pull_batch", set<&Push::pull_batch, &Pull::pull_batch>},
    {"commit_interval_ms", set<&Push::commit_interval, &Pull::commit_interval>},
    {"orderly", set<&Push::orderly>},
    {"threads", set<&Push::threads>},
    {"max_batch", set<&Push::max_batch>},
    {"max_attempts", set<&Push::max_attempts>},
    {"shutdown_timeout_ms", set<&Push::shutdown_timeout>},
    {"max_poll", set<&Pull::max_poll>},
    {"auto_commit", set<&Pull::auto_commit>},
    {"fifo", set<&Simple::fifo>},
    {"invisible_ms", set<&Simple::invisible>},
    {"renew", set<&Simple::renew>},
    {"max_renewal_ms", set<&Simple::max_renewal>},
};

}  // namespace
}  // namespace sluice::c

using namespace sluice;

sluice_options* sluice_options_new() { return new (std::nothrow) sluice_options(); }
void sluice_options_free(sluice_options* options) { delete options; }

int sluice_options_set(sluice_options* options, const char* name, const char* value) {
  return c::guarded([&]() -> Outcome<void> {
    if (auto there = c::needed(options && name && value, "options, name and value"); !there) {
      return there;
    }
    const auto* row = std::ranges::find(c::kRows, std::string_view(name), &c::Row::name);
    if (row == std::end(c::kRows)) {
      return Failure{Errc::invalid_argument,
                     std::string("there is no option ") + name + "; sluice.h lists them"};
    }
    if (row->set(*options, value)) return {};
    return Failure{Errc::invalid_argument,
                   std::string("option ") + name + " cannot be '" + value + "'; see sluice.h"};
  });
}
