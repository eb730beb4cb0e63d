#include <memory>

#include "app/cli/commands.h"
#include "app/cli/consume.h"
#include "base/os/system_clock.h"

namespace sluice::app {

Subscription subscription_of(const ConsumeOptions& options) {
  const bool sql = !options.sql.empty();
  return {.topic = options.topic, .expression = sql ? options.sql : options.tags, .sql = sql};
}

namespace {

struct ModelRow {
  std::string_view model;
  std::string_view ordered;  ///< the mode that --ordered means
  Result<void> (*consume)(const ConsumePlan&, StopSignals&);
};
constexpr ModelRow kModels[] = {{"pull", "exclusive", consume_by_pull},
                                {"push", "failover", consume_by_push},
                                {"pop", "exclusive", consume_by_pop}};

Result<void> consume(ConsumeOptions options) {
  const auto& model = *std::ranges::find(kModels, options.model, &ModelRow::model);
  if (options.ordered) options.mode = model.ordered;
  if (options.broadcast) options.mode = "broadcast";
  SLUICE_TRY(const ConsumeWay way, consume_way(options.model, options.mode));
  SLUICE_TRY(const MessageFormat format, MessageFormat::parse(options.format));
  SLUICE_TRY(const StartPosition from, parse_start_position(options.from, SystemClock().wall()));
  if (way == ConsumeWay::read_all) options.group.clear();
  StopSignals stop;
  return model.consume({.options = options, .format = format, .from = from, .way = way}, stop);
}

struct TextRow {
  const char* name;
  std::string ConsumeOptions::* field;
  std::string help;
};
std::vector<TextRow> text_rows() {
  return {
      {"-g,--group", &ConsumeOptions::group,
       "Read as this consumer group: go on where it is, commit what is written. Without: read all "
       "queues and store nothing"},
      {"-f,--from", &ConsumeOptions::from,
       "Where to begin: first, last, an offset (1200), a time ago (90s, 15m, 2h, 7d), a time "
       "(2026-01-31T08:30:00, with Z for UTC). With --group only for queues without a committed "
       "offset"},
      {"-t,--tags", &ConsumeOptions::tags, "Only these tags: 'a || b'"},
      {"--sql", &ConsumeOptions::sql, "Only messages of which this is true: \"price > 10\""},
      {"-o,--format", &ConsumeOptions::format,
       "body, json, or a template with " + message_field_names()},
      {"-m,--model", &ConsumeOptions::model,
       "pull: this program reads every queue in order and keeps offsets; push: as a member of the "
       "group, with its share of the queues; pop: message by message, shared with all others that "
       "pop in the group"},
      {"--mode", &ConsumeOptions::mode,
       "How the group's members share: " + consume_modes() +
           ". The first is the usual one. exclusive: a queue has one reader; failover: the same, "
           "under the broker's lock; broadcast: everybody gets everything; shared: whoever asks "
           "gets the next message"}};
}

struct NumberRow {
  const char* name;
  std::int64_t ConsumeOptions::* field;
  std::int64_t min, max;
  const char* help;
};
constexpr std::int64_t kMany = std::int64_t{1} << 62;
constexpr NumberRow kNumbers[] = {
    {"-c,--count", &ConsumeOptions::count, 0, kMany, "End after so many messages (0: never)"},
    {"-i,--idle", &ConsumeOptions::idle_seconds, 0, 1 << 30,
     "End when nothing has come for so many seconds (0: never)"},
    {"--invisible", &ConsumeOptions::invisible_seconds, 1, 432'000,
     "With --model pop: seconds until a message that was not written comes again"}};

struct FlagRow {
  const char* name;
  bool ConsumeOptions::* field;
  const char* help;
};
constexpr FlagRow kFlags[] = {
    {"--ordered", &ConsumeOptions::ordered,
     "Each queue's messages one batch after the other, with no other reader: --mode failover of "
     "--model push, --mode exclusive of the others"},
    {"--broadcast", &ConsumeOptions::broadcast, "The same as --mode broadcast"},
    {"--renew", &ConsumeOptions::renew,
     "With --model pop: make leases longer while their messages are written"}};

/// Options that cannot be had together.
constexpr std::pair<const char*, const char*> kEither[] = {{"--tags", "--sql"},
                                                           {"--mode", "--ordered"},
                                                           {"--mode", "--broadcast"},
                                                           {"--ordered", "--broadcast"}};

void add_options(CLI::App& verb, ConsumeOptions& options) {
  verb.add_option("topic", options.topic, "What to read")->required();
  for (const TextRow& row : text_rows()) {
    verb.add_option(row.name, options.*row.field, row.help)->capture_default_str();
  }
  std::vector<std::string> models;
  for (const ModelRow& row : kModels) models.emplace_back(row.model);
  verb.get_option("--model")->check(CLI::IsMember(models));
  for (const NumberRow& row : kNumbers) {
    verb.add_option(row.name, options.*row.field, row.help)
        ->check(CLI::Range(row.min, row.max))
        ->capture_default_str();
  }
  for (const FlagRow& row : kFlags) verb.add_flag(row.name, options.*row.field, row.help);
  add_reach_options(verb, options.reach);
  for (const auto& [one, other] : kEither) verb.get_option(one)->excludes(other);
}

}  // namespace

void add_consume_command(CLI::App& cli, int& exit_code) {
  auto options = std::make_shared<ConsumeOptions>();
  CLI::App* verb = cli.add_subcommand("consume", "Write a topic's messages to standard output");
  add_options(*verb, *options);
  verb->footer(
      "Goes on until it is interrupted.\n"
      "Examples:\n"
      "  sluice consume orders --from first --idle 2 --format json\n"
      "  sluice consume orders --from 15m --format '{time} {queue}/{offset} {key} {body}'\n"
      "  sluice consume orders --from first --sql \"price > 10 AND region = 'north'\"\n"
      "  sluice consume orders --group audit --count 100\n"
      "  sluice consume orders --group billing --model push --from first\n"
      "  sluice consume orders --group workers --model pop --from first");
  verb->callback([options, &exit_code] { exit_code = exit_status(consume(*options)); });
}

}  // namespace sluice::app
