#include "client/c/options.h"

#include <algorithm>
#include <optional>
#include <string_view>

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

bool subscribe(sluice_options& o, std::string_view text) {
  const std::size_t equals = text.find('=');
  Subscription subscription{.topic = std::string(text.substr(0, equals))};
  if (equals != std::string_view::npos) subscription.expression = text.substr(equals + 1);
  o.consumer.subscriptions.push_back(std::move(subscription));
  return !o.consumer.subscriptions.back().topic.empty();
}

template <auto part, auto member>
bool set(sluice_options& o, std::string_view text) {
  return assign((o.*part).*member, text);
}
template <auto member>
bool set_tls(sluice_options& o, std::string_view text) {
  return assign(o.client.tls.*member, text);
}
template <auto member>
bool set_key(sluice_options& o, std::string_view text) {
  return assign(o.client.credentials.*member, text);
}
bool set_group(sluice_options& o, std::string_view text) {
  return assign(o.producer.group, text) && assign(o.consumer.group, text);
}

struct Row {
  std::string_view name;
  Setter set;
};
constexpr auto kClient = &sluice_options::client;
constexpr auto kProducer = &sluice_options::producer;
constexpr auto kConsumer = &sluice_options::consumer;
constexpr Row kRows[] = {
    {"name_servers", set<kClient, &ClientOptions::name_servers>},
    {"address_server", set<kClient, &ClientOptions::address_server>},
    {"instance", set<kClient, &ClientOptions::instance>},
    {"name_space", set<kClient, &ClientOptions::name_space>},
    {"request_timeout_ms", set<kClient, &ClientOptions::request_timeout>},
    {"access_key", set_key<&Credentials::access_key>},
    {"secret_key", set_key<&Credentials::secret_key>},
    {"security_token", set_key<&Credentials::security_token>},
    {"tls", set_tls<&TlsOptions::enabled>},
    {"tls_check", set_tls<&TlsOptions::check>},
    {"tls_ca_file", set_tls<&TlsOptions::ca_file>},
    {"tls_certificate_file", set_tls<&TlsOptions::certificate_file>},
    {"tls_key_file", set_tls<&TlsOptions::key_file>},
    {"tls_key_password", set_tls<&TlsOptions::key_password>},
    {"group", set_group},
    {"send_timeout_ms", set<kProducer, &ProducerOptions::send_timeout>},
    {"retries", set<kProducer, &ProducerOptions::retries>},
    {"max_bytes_in_flight", set<kProducer, &ProducerOptions::max_bytes_in_flight>},
    {"max_message_bytes", set<kProducer, &ProducerOptions::max_message_bytes>},
    {"compress_above", set<kProducer, &ProducerOptions::compress_above>},
    {"compression", set<kProducer, &ProducerOptions::compression>},
    {"linger_ms", set<kProducer, &ProducerOptions::linger>},
    {"batch_bytes", set<kProducer, &ProducerOptions::batch_bytes>},
    {"create_topic_queues", set<kProducer, &ProducerOptions::create_topic_queues>},
    {"trace", set<kProducer, &ProducerOptions::trace>},
    {"subscribe", subscribe},
    {"start", set<kConsumer, &PushConsumerOptions::start>},
    {"orderly", set<kConsumer, &PushConsumerOptions::orderly>},
    {"broadcasting", set<kConsumer, &PushConsumerOptions::broadcasting>},
    {"threads", set<kConsumer, &PushConsumerOptions::threads>},
    {"max_batch", set<kConsumer, &PushConsumerOptions::max_batch>},
    {"max_attempts", set<kConsumer, &PushConsumerOptions::max_attempts>},
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
