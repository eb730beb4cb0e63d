#include <iostream>
#include <memory>

#include "app/cli/commands.h"
#include "app/cli/produce.h"

namespace sluice::app {
namespace {

struct TextRow {
  const char* name;
  std::string ProduceOptions::* field;
  const char* help;
  std::vector<std::string> words{};  ///< those that are allowed; none: any
};
const TextRow kTexts[] = {
    {"-t,--tag", &ProduceOptions::tag, "Tag of every message"},
    {"--sharding-key", &ProduceOptions::sharding_key,
     "All messages go to one queue, which this chooses, and stay in order"},
    {"--key-separator", &ProduceOptions::key_separator,
     "A line is a key, this text, and a body: the messages of a key stay in order, in one queue"},
    {"--deliver-after", &ProduceOptions::deliver_after,
     "Nobody gets them before that: 90s, 15m, 2h, 7d"},
    {"--deliver-at", &ProduceOptions::deliver_at,
     "Nobody gets them before that time: 2026-01-31T08:30:00, with Z for UTC"},
    {"--transaction",
     &ProduceOptions::transaction,
     "Each message is a transaction that is then decided so; leave: the broker goes on asking",
     {"commit", "rollback", "leave"}},
    {"--compression",
     &ProduceOptions::compression,
     "How long bodies are compressed; clients before 5.0 read zlib alone",
     {"zlib", "lz4", "zstd"}},
    {"--producer-group", &ProduceOptions::group, "Whose members brokers ask about transactions"},
};

struct NumberRow {
  const char* name;
  std::int64_t ProduceOptions::* field;
  std::int64_t min, max;
  const char* help;
};
constexpr NumberRow kNumbers[] = {
    {"--delay-level", &ProduceOptions::delay_level, 1, 18,
     "Delay by one of the broker's levels (messageDelayLevel)"},
    {"--batch", &ProduceOptions::batch, 1, 10'000,
     "So many lines are one request: stored all or none, in one queue"},
    {"--in-flight", &ProduceOptions::in_flight, 1, 100'000,
     "So many requests are under way at once; when one fails, later lines may have been sent"},
    {"--linger", &ProduceOptions::linger_ms, 1, 60'000,
     "Milliseconds that a message waits for others to go with it in one request; see --in-flight"},
    {"--retries", &ProduceOptions::retries, 0, 100, "Further attempts after a failed one"},
    {"--compress-above", &ProduceOptions::compress_above, 0, 1 << 30,
     "Compress bodies of so many bytes and more; 0: none"},
    {"--create-queues", &ProduceOptions::create_queues, 1, 10'000,
     "How many queues a topic gets that is made now"},
};

/// Options that cannot be had together.
constexpr std::pair<const char*, const char*> kEither[] = {
    {"--delay-level", "--deliver-after"}, {"--delay-level", "--deliver-at"},
    {"--deliver-after", "--deliver-at"},  {"--sharding-key", "--key-separator"},
    {"--batch", "--key-separator"},       {"--batch", "--delay-level"},
    {"--batch", "--deliver-after"},       {"--batch", "--deliver-at"},
    {"--batch", "--transaction"},         {"--batch", "--linger"},
    {"--transaction", "--delay-level"},   {"--transaction", "--deliver-after"},
    {"--transaction", "--deliver-at"},    {"--transaction", "--in-flight"},
    {"--transaction", "--linger"},
};

void add_flags(CLI::App& verb, ProduceOptions& options) {
  verb.add_flag("--trace", options.trace, "Write RocketMQ's message traces");
  verb.add_flag("--create,!--no-create", options.create,
                "Let the broker make a topic that is not there (default)");
  verb.add_flag("--json", options.as_json, "Show broker, queue, offset and id of each message");
}

void add_options(CLI::App& verb, ProduceOptions& options) {
  verb.add_option("topic", options.topic, "Where to")->required();
  verb.add_option("-k,--key", options.keys, "Key of every message; several are allowed")
      ->allow_extra_args(false);
  verb.add_option("-p,--property", options.properties, "name=value of every message")
      ->allow_extra_args(false);
  for (const TextRow& row : kTexts) {
    CLI::Option* option =
        verb.add_option(row.name, options.*row.field, row.help)->capture_default_str();
    if (!row.words.empty()) option->check(CLI::IsMember(row.words));
  }
  for (const NumberRow& row : kNumbers) {
    verb.add_option(row.name, options.*row.field, row.help)
        ->check(CLI::Range(row.min, row.max))
        ->capture_default_str();
  }
  add_flags(verb, options);
  add_reach_options(verb, options.reach);
  for (const auto& [one, other] : kEither) verb.get_option(one)->excludes(other);
}

}  // namespace

void add_produce_command(CLI::App& cli, int& exit_code) {
  auto options = std::make_shared<ProduceOptions>();
  CLI::App* verb =
      cli.add_subcommand("produce", "Send the lines of standard input, each as a message");
  add_options(*verb, *options);
  verb->footer(
      "Empty lines are left out: a message needs a body.\n"
      "Examples:\n"
      "  echo hello | sluice produce greetings\n"
      "  sluice produce orders --tag new --property source=shop < orders.ndjson\n"
      "  echo 'customer7:two apples' | sluice produce orders --key-separator :\n"
      "  echo 'wake up' | sluice produce alarms --deliver-after 8h --json\n"
      "  sluice produce load --batch 100 --in-flight 8 < many-lines");
  verb->callback([options, &exit_code] { exit_code = exit_status(produce(*options, std::cin)); });
}

}  // namespace sluice::app
