#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/session.h"
#include "app/cli/table.h"
#include "app/cli/text.h"
#include "client/timed.h"

/// `sluice message timed`: messages that wait for their time.
namespace sluice::app {
namespace {

using client::TimedMessage;

struct TimedOptions {
  ConnectOptions connect;
  std::string topic, handle;
  std::size_t count = 100;
  bool as_json = false;
};

std::string line_of(const TimedMessage& m) {
  const nlohmann::ordered_json line{
      {"due", m.due_ms}, {"topic", m.topic},      {"queue", m.queue},      {"broker", m.broker},
      {"id", m.id},      {"bytes", m.body_bytes}, {"stored", m.stored_ms}, {"handle", m.handle}};
  return json_text(line);
}

Result<void> list(const TimedOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const auto messages,
             client::timed_messages(session->cluster(), options.topic, 0, options.count));
  if (options.as_json) {
    for (const TimedMessage& m : messages) fmt::print("{}\n", line_of(m));
    return {};
  }
  Table table({{"DUE"}, {"TOPIC"}, {"QUEUE", Table::Align::right}, {"ID"}, {"HANDLE"}});
  for (const TimedMessage& m : messages) {
    table.row({time_text(m.due_ms), m.topic, std::to_string(m.queue), m.id, m.handle});
  }
  fmt::print("{}", table.text());
  return {};
}

Result<void> cancel(const TimedOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const std::string id, client::recall(session->cluster(), options.handle));
  fmt::print("recalled {}\n", id);
  return {};
}

}  // namespace

void add_timed(CLI::App& message, int& exit_code) {
  CLI::App* timed = message.add_subcommand("timed", "Messages that wait for their time");
  timed->require_subcommand(1);
  auto options = std::make_shared<TimedOptions>();
  CLI::App* verb = timed->add_subcommand("list", "Show them, the next ones first");
  verb->add_option("--topic", options->topic, "Those that go to this topic; otherwise all");
  verb->add_option("-c,--count", options->count, "At most so many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->add_flag("--json", options->as_json, "For scripts: an object a line");
  add_connect_options(*verb, options->connect);
  verb->callback([options, &exit_code] { exit_code = exit_status(list(*options)); });

  verb = timed->add_subcommand("cancel", "Take one back: it is not delivered");
  verb->add_option("handle", options->handle,
                   "As `list` shows it, or the recall handle that its producer was answered")
      ->required();
  add_connect_options(*verb, options->connect);
  verb->footer("Example: sluice message timed list --topic orders");
  verb->callback([options, &exit_code] { exit_code = exit_status(cancel(*options)); });
}

}  // namespace sluice::app
