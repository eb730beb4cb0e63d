#include <memory>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/message_format.h"
#include "app/cli/session.h"
#include "app/cli/start_position.h"
#include "app/cli/text.h"
#include "base/os/system_clock.h"
#include "client/finder.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"

namespace sluice::app {
namespace {

using client::KeySearch;
using client::Received;
namespace property = wire::record::property;

struct MessageOptions {
  ConnectOptions connect;
  std::string id, topic, key, from, to;
  std::int32_t count = 64;
  bool as_json = false;
};

constexpr std::size_t kHexBytesMax = 4096;
constexpr std::size_t kHexBytesPerLine = 32;

std::string hex(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < std::min(bytes.size(), kHexBytesMax); ++i) {
    if (i > 0) out += i % kHexBytesPerLine == 0 ? '\n' : ' ';
    out += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  if (bytes.size() > kHexBytesMax) {
    out += fmt::format("\n... {} bytes more", bytes.size() - kHexBytesMax);
  }
  return out;
}

std::string as_text(const Received& m) {
  std::string out;
  const auto line = [&out](std::string_view name, std::string_view value) {
    out += fmt::format("{:<11} {}\n", name, value);
  };
  line("id", m.message_id);
  line("lies at", m.lies_at);
  line("topic", m.queue.topic);
  line("broker", m.queue.broker_name);
  line("queue", std::to_string(m.queue.queue_id));
  line("offset", std::to_string(m.offset));
  line("stored", time_text(m.store_ms));
  line("born", time_text(m.born_ms));
  line("born host", m.born_host);
  line("tag", m.property(property::kTags));
  line("keys", m.property(property::kKeys));
  line("retries", std::to_string(m.reconsume_times));
  for (const auto& [name, value] : m.properties) line("property", name + '=' + value);
  const bool text = is_utf8(m.body) && !m.still_compressed;
  line("body", fmt::format("{} bytes{}{}", m.body.size(), text ? "" : ", in hexadecimal",
                           m.still_compressed ? ", compressed" : ""));
  return out + (text ? m.body : hex(m.body)) + '\n';
}

Result<void> show(const std::vector<Received>& messages, bool as_json) {
  SLUICE_TRY(const MessageFormat format, MessageFormat::parse("json"));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (as_json) {
      fmt::print("{}", format.write(messages[i]));
    } else {
      fmt::print("{}{}", i > 0 ? "\n" : "", as_text(messages[i]));
    }
  }
  return {};
}

/// In the topic, or in all of them: the index knows keys by topic only.
Result<std::vector<Received>> by_unique_id(client::Cluster& cluster,
                                           const MessageOptions& options) {
  std::vector<std::string> topics{options.topic};
  if (options.topic.empty()) {
    SLUICE_TRY(topics, cluster.topics());
  }
  std::vector<Received> all;
  for (const std::string& topic : topics) {
    auto found = find_by_key(cluster, {.topic = topic, .key = options.id, .by_unique_id = true});
    const bool nowhere = !found && found.error().code() == Errc::topic_not_found;
    if (!found && !(nowhere && options.topic.empty())) return fail(std::move(found.error()));
    if (found) std::ranges::move(*found, std::back_inserter(all));
  }
  return all;
}

Result<void> get(const MessageOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  client::Cluster& cluster = session->cluster();
  SLUICE_TRY(std::vector<Received> found, by_unique_id(cluster, options));
  if (found.empty() && wire::record::parse_message_id(options.id)) {
    // Both kinds look alike. Where this one points to, nobody may be listening.
    if (auto message = message_at(cluster, options.id)) found.push_back(std::move(*message));
  }
  if (!found.empty()) return show(found, options.as_json);
  return fail(Errc::not_found, fmt::format("no message with the id {}", options.id));
}

/// Nothing for an empty text.
Result<std::int64_t> time_of(std::string_view option, const std::string& text,
                             std::int64_t otherwise) {
  if (text.empty()) return otherwise;
  const auto position = parse_start_position(text, SystemClock().wall());
  if (position && position->kind == StartPosition::Kind::time) return position->value;
  return fail(Errc::invalid_argument,
              fmt::format("{} {}: expected a time ago (90s, 15m, 2h, 7d) or a time "
                          "(2026-01-31T08:30:00, with Z for UTC)",
                          option, text));
}

Result<void> find(const MessageOptions& options) {
  KeySearch search{.topic = options.topic, .key = options.key, .max = options.count};
  SLUICE_TRY(search.from_ms, time_of("--from", options.from, search.from_ms));
  SLUICE_TRY(search.to_ms, time_of("--to", options.to, search.to_ms));
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const auto found, find_by_key(session->cluster(), search));
  if (!found.empty()) return show(found, options.as_json);
  return fail(Errc::not_found, fmt::format("topic {} has no message with the key {} in that time",
                                           options.topic, options.key));
}

void add_get(CLI::App& message, int& exit_code) {
  auto options = std::make_shared<MessageOptions>();
  CLI::App* verb = message.add_subcommand("get", "Show a message by its id");
  verb->add_option("id", options->id,
                   "The unique id that the sender gave it, or the one that says where it lies")
      ->required();
  verb->add_option("--topic", options->topic,
                   "Look for a unique id in this topic only; otherwise in all");
  verb->add_flag("--json", options->as_json, "For scripts: an object a line");
  add_connect_options(*verb, options->connect);
  verb->callback([options, &exit_code] { exit_code = exit_status(get(*options)); });
}

void add_find(CLI::App& message, int& exit_code) {
  auto options = std::make_shared<MessageOptions>();
  CLI::App* verb = message.add_subcommand("find", "Show a topic's messages that have a key");
  verb->add_option("topic", options->topic, "Where to look")->required();
  verb->add_option("-k,--key", options->key, "One of the words in the message's keys")->required();
  verb->add_option("--from", options->from,
                   "Stored since: a time ago (90s, 15m, 2h, 7d) or a time "
                   "(2026-01-31T08:30:00, with Z for UTC)");
  verb->add_option("--to", options->to, "Stored until, in the same forms");
  verb->add_option("-c,--count", options->count, "At most so many of each broker, the newest")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  verb->add_flag("--json", options->as_json, "For scripts: an object a line");
  add_connect_options(*verb, options->connect);
  verb->footer(
      "Brokers note keys a moment after the message; what was sent just now may come later.\n"
      "Example: sluice message find orders --key order-1700 --from 2d");
  verb->callback([options, &exit_code] { exit_code = exit_status(find(*options)); });
}

}  // namespace

void add_message_commands(CLI::App& cli, int& exit_code) {
  CLI::App* message =
      cli.add_subcommand("message", "Show single messages, by id or by key, and those that wait");
  message->require_subcommand(1);
  add_get(*message, exit_code);
  add_find(*message, exit_code);
  add_trace(*message, exit_code);
  add_timed(*message, exit_code);
}

}  // namespace sluice::app
