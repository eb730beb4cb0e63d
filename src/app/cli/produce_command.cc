#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/session.h"
#include "app/cli/text.h"
#include "client/producer.h"

namespace sluice::app {
namespace {

struct ProduceOptions {
  ConnectOptions connect;
  std::string topic, tag;
  std::vector<std::string> keys;
  std::vector<std::string> properties;  // name=value
  bool as_json = false, create = true;
};

void show(const client::Sent& sent) {
  fmt::print("{}\n", json_text({{"broker", sent.queue.broker_name},
                                {"queue", sent.queue.queue_id},
                                {"offset", sent.offset},
                                {"id", sent.message_id}}));
}

Result<void> produce(const ProduceOptions& options) {
  SLUICE_TRY(auto properties, parse_pairs("--property", options.properties));
  client::OutgoingMessage message{.topic = options.topic,
                                  .body = {},
                                  .tag = options.tag,
                                  .keys = options.keys,
                                  .properties = std::move(properties)};
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  client::Producer producer(session->cluster(), {.default_topic = options.create ? "TBW102" : ""});
  std::size_t line = 0, count = 0;
  while (std::getline(std::cin, message.body)) {
    ++line;
    if (message.body.empty()) continue;
    auto sent = producer.send(message);
    if (!sent) {
      return fail(sent.error().code(), fmt::format("line {} was not sent, {} before it were: {}",
                                                   line, count, sent.error().remark()));
    }
    ++count;
    if (options.as_json) show(*sent);
  }
  if (!options.as_json) fmt::print(stderr, "sent {} messages to {}\n", count, options.topic);
  return {};
}

}  // namespace

void add_produce_command(CLI::App& cli, int& exit_code) {
  auto options = std::make_shared<ProduceOptions>();
  CLI::App* verb =
      cli.add_subcommand("produce", "Send the lines of standard input, each as a message");
  verb->add_option("topic", options->topic, "Where to")->required();
  verb->add_option("-k,--key", options->keys, "Key of every message; several are allowed")
      ->allow_extra_args(false);
  verb->add_option("-t,--tag", options->tag, "Tag of every message");
  verb->add_option("-p,--property", options->properties, "name=value of every message")
      ->allow_extra_args(false);
  verb->add_flag("--create,!--no-create", options->create,
                 "Let the broker make a topic that is not there (default)");
  verb->add_flag("--json", options->as_json, "Show broker, queue, offset and id of each message");
  add_connect_options(*verb, options->connect);
  verb->footer(
      "Empty lines are left out: a message needs a body.\n"
      "Examples:\n"
      "  echo hello | sluice produce greetings\n"
      "  sluice produce orders --tag new --property source=shop < orders.ndjson");
  verb->callback([options, &exit_code] { exit_code = exit_status(produce(*options)); });
}

}  // namespace sluice::app
