#include <memory>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/dead_letters.h"
#include "app/cli/message_format.h"
#include "app/cli/session.h"
#include "app/cli/table.h"
#include "app/cli/text.h"
#include "base/numbers.h"
#include "wire/record/properties.h"

namespace sluice::app {
namespace {

using client::Received;
using json = nlohmann::ordered_json;
namespace property = wire::record::property;

struct DlqOptions {
  ConnectOptions connect;
  std::string group, filter, rate;
  std::int64_t count = 20;
  bool as_json = false, dry_run = false, again = false, all = false;
};

/// `100/s` or `100`; 0 for no limit.
Result<std::int64_t> parse_rate(std::string_view text) {
  if (text.empty()) return 0;
  const std::string_view digits = text.ends_with("/s") ? text.substr(0, text.size() - 2) : text;
  const auto rate = parse_number<std::int64_t>(digits);
  if (rate && *rate > 0 && *rate <= 1'000'000) return *rate;
  return fail(Errc::invalid_argument,
              fmt::format("--rate {}: expected messages per second, like 100/s", text));
}

Result<void> list(const DlqOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  client::Cluster& cluster = session->cluster();
  SLUICE_TRY(const auto topics, cluster.topics());
  Table table({{"GROUP"}, {"DEAD", Table::Align::right}, {"NOT SENT ON", Table::Align::right}});
  json out = json::array();
  for (const std::string& topic : topics) {
    if (!topic.starts_with(kDeadPrefix)) continue;
    const std::string group = topic.substr(kDeadPrefix.size());
    SLUICE_TRY(const auto all, dead_ranges(cluster, group, false));
    SLUICE_TRY(const auto open, dead_ranges(cluster, group, true));
    std::int64_t dead = 0, left = 0;
    for (const DeadRange& range : all) dead += range.end - range.begin;
    for (const DeadRange& range : open) left += range.end - range.begin;
    if (dead == 0) continue;
    out.push_back({{"group", group}, {"topic", topic}, {"dead", dead}, {"notSentOn", left}});
    table.row({group, std::to_string(dead), std::to_string(left)});
  }
  if (options.as_json) {
    fmt::print("{}\n", json_text(out));
  } else if (out.empty()) {
    fmt::print("no group has dead letters\n");
  } else {
    fmt::print("{}", table.text());
  }
  return {};
}

std::vector<std::string> peek_cells(const Received& message) {
  return {std::to_string(message.offset),
          time_text(message.store_ms),
          origin_topic(message),
          std::to_string(message.reconsume_times),
          std::string(message.property(property::kTags)),
          std::string(message.property(property::kKeys)),
          message.message_id,
          std::string(message.property(property::kDeadReason))};
}

Result<void> peek(const DlqOptions& options) {
  SLUICE_TRY(const MessageFormat format, MessageFormat::parse("json"));
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const auto ranges, dead_ranges(session->cluster(), options.group, !options.all));
  Table table({{"OFFSET", Table::Align::right},
               {"SINCE"},
               {"FROM"},
               {"TRIES", Table::Align::right},
               {"TAG"},
               {"KEYS"},
               {"ID"},
               {"WHY"}});
  std::int64_t shown = 0;
  const auto show = [&](const Received& message) -> Result<bool> {
    if (!matches_filter(message, options.filter)) return true;
    if (options.as_json) {
      fmt::print("{}", format.write(message));
    } else {
      table.row(peek_cells(message));
    }
    return ++shown < options.count;
  };
  SLUICE_CHECK(read_dead(session->cluster(), ranges, show));
  if (!options.as_json && shown > 0) fmt::print("{}", table.text());
  if (!options.as_json && shown == 0) fmt::print("nothing to show\n");
  return {};
}

struct Redriven {
  std::int64_t sent = 0, filtered = 0, homeless = 0;
};

/// Sends one on, not faster than the rate.
class Redrive {
 public:
  Redrive(client::Cluster& cluster, const DlqOptions& options, std::int64_t rate)
      : cluster_(cluster), options_(options), rate_(rate), producer_(cluster) {}

  Result<bool> take(const Received& message) {
    if (!matches_filter(message, options_.filter)) {
      ++done.filtered;
      return true;
    }
    const auto original = as_sent_first(message);
    if (!original) {
      ++done.homeless;
    } else {
      if (!options_.dry_run) SLUICE_CHECK(send(*original));
      ++done.sent;
    }
    // A filter leaves some behind: there is no one offset that says which.
    if (options_.dry_run || !options_.filter.empty()) return true;
    SLUICE_CHECK(remember_sent_on(cluster_, message.queue, message.offset + 1));
    return true;
  }

  Redriven done;

 private:
  Result<void> send(const client::OutgoingMessage& message) {
    if (rate_ > 0) {
      std::this_thread::sleep_until(next_);
      next_ = std::chrono::steady_clock::now() + std::chrono::nanoseconds(1'000'000'000 / rate_);
    }
    SLUICE_CHECK(producer_.send(message));
    return {};
  }

  client::Cluster& cluster_;
  const DlqOptions& options_;
  const std::int64_t rate_;
  client::Producer producer_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
};

void tell(const Redriven& done, const DlqOptions& options) {
  if (options.as_json) {
    fmt::print("{}\n", json_text({{"group", options.group},
                                  {"sent", done.sent},
                                  {"filtered", done.filtered},
                                  {"withoutOrigin", done.homeless},
                                  {"dryRun", options.dry_run}}));
    return;
  }
  fmt::print("{} {} dead letters of {} to where they came from\n",
             options.dry_run ? "would send" : "sent", done.sent, options.group);
  if (done.filtered > 0) fmt::print("{} did not match --filter\n", done.filtered);
  if (done.homeless > 0) fmt::print("{} do not say where they came from\n", done.homeless);
}

Result<void> redrive(const DlqOptions& options) {
  SLUICE_TRY(const std::int64_t rate, parse_rate(options.rate));
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const auto ranges, dead_ranges(session->cluster(), options.group, !options.again));
  Redrive work(session->cluster(), options, rate);
  auto read = read_dead(session->cluster(), ranges,
                        [&work](const Received& message) { return work.take(message); });
  tell(work.done, options);
  return read;
}

void add_ls(CLI::App& dlq, int& exit_code) {
  auto options = std::make_shared<DlqOptions>();
  CLI::App* verb = dlq.add_subcommand("ls", "Show which groups have dead letters, and how many");
  verb->add_flag("--json", options->as_json, "For scripts: an array of objects");
  add_connect_options(*verb, options->connect);
  verb->callback([options, &exit_code] { exit_code = exit_status(list(*options)); });
}

void add_group_options(CLI::App& verb, DlqOptions& options) {
  verb.add_option("group", options.group, "The consumer group")->required();
  verb.add_option("--filter", options.filter, "Only those whose tag or keys contain this text");
  add_connect_options(verb, options.connect);
}

void add_peek(CLI::App& dlq, int& exit_code) {
  auto options = std::make_shared<DlqOptions>();
  CLI::App* verb = dlq.add_subcommand("peek", "Show a group's dead letters and leave them there");
  add_group_options(*verb, *options);
  verb->add_option("-c,--count", options->count, "At most so many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_flag("--all", options->all, "Also those that redrive has sent on");
  verb->add_flag("--json", options->as_json, "For scripts: an object a line, with the body");
  verb->callback([options, &exit_code] { exit_code = exit_status(peek(*options)); });
}

void add_redrive(CLI::App& dlq, int& exit_code) {
  auto options = std::make_shared<DlqOptions>();
  CLI::App* verb =
      dlq.add_subcommand("redrive", "Send a group's dead letters to the topics they came from");
  add_group_options(*verb, *options);
  verb->add_option("--rate", options->rate, "At most so many per second: 100/s");
  verb->add_flag("--dry-run", options->dry_run, "Send nothing, only count");
  verb->add_flag("--again", options->again, "Also those that were sent on before");
  verb->add_flag("--json", options->as_json, "For scripts: one object");
  verb->footer(
      "Every group that reads the topic gets the messages, with the ids they had. The next\n"
      "redrive goes on behind them; with --filter nothing is remembered, because some stay "
      "behind.\n"
      "Example: sluice dlq redrive billing --filter invoice --rate 50/s --dry-run");
  verb->callback([options, &exit_code] { exit_code = exit_status(redrive(*options)); });
}

}  // namespace

void add_dlq_commands(CLI::App& cli, int& exit_code) {
  CLI::App* dlq = cli.add_subcommand("dlq", "Show dead letters and send them on");
  dlq->require_subcommand(1);
  add_ls(*dlq, exit_code);
  add_peek(*dlq, exit_code);
  add_redrive(*dlq, exit_code);
}

}  // namespace sluice::app
