#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/life_text.h"
#include "app/cli/session.h"
#include "app/cli/text.h"
#include "client/finder.h"
#include "client/life.h"
#include "wire/json/reader.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"

/// `sluice message trace`: what became of a message.
namespace sluice::app {
namespace {

struct TraceOptions {
  ConnectOptions connect;
  std::string id, topic;
  bool as_json = false;
};

/// The brokers that know records of it.
Result<std::vector<nlohmann::json>> lives_of(client::Cluster& cluster, const std::string& id,
                                             const std::string& topic) {
  SLUICE_TRY(const auto texts, client::message_life(cluster, id, topic));
  std::vector<nlohmann::json> lives;
  for (const std::string& text : texts) {
    SLUICE_TRY(nlohmann::json life, wire::json::parse(text));
    if (!wire::json::array(life, "records").empty()) lives.push_back(std::move(life));
  }
  return lives;
}

Result<void> trace(const TraceOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  client::Cluster& cluster = session->cluster();
  SLUICE_TRY(auto lives, lives_of(cluster, options.id, options.topic));
  if (lives.empty() && wire::record::parse_message_id(options.id)) {
    // Both kinds look alike. Where this one points to, nobody may be listening.
    if (const auto message = message_at(cluster, options.id)) {
      SLUICE_TRY(lives, lives_of(cluster, message->message_id, options.topic));
    }
  }
  if (lives.empty()) {
    return fail(Errc::not_found,
                fmt::format("no message with the id {}; brokers note ids a moment after the "
                            "message",
                            options.id));
  }
  for (std::size_t i = 0; i < lives.size(); ++i) {
    if (options.as_json) {
      fmt::print("{}\n", json_text(nlohmann::ordered_json(lives[i])));
    } else {
      fmt::print("{}{}", i > 0 ? "\n" : "", life_text(lives[i]));
    }
  }
  return {};
}

}  // namespace

void add_trace(CLI::App& message, int& exit_code) {
  auto options = std::make_shared<TraceOptions>();
  CLI::App* verb = message.add_subcommand("trace", "Show what became of a message");
  verb->add_option("id", options->id,
                   "The unique id that the sender gave it, or the one that says where it lies")
      ->required();
  verb->add_option("--topic", options->topic,
                   "Look in this topic and its groups' retry and dead letter topics only");
  verb->add_flag("--json", options->as_json, "For scripts: an object a line for each broker");
  add_connect_options(*verb, options->connect);
  verb->footer(
      "Told from the log and from what groups have acknowledged; nothing has to be switched on.\n"
      "Example: sluice message trace 7F00000100002A139A01A0B1C2D3E4F5 --topic orders");
  verb->callback([options, &exit_code] { exit_code = exit_status(trace(*options)); });
}

}  // namespace sluice::app
