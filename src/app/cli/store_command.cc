#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/cli/commands.h"
#include "app/cli/session.h"
#include "app/cli/table.h"
#include "app/cli/text.h"
#include "broker/delay_levels.h"
#include "broker/schedule.h"
#include "store/store_check.h"
#include "store/store_repair.h"

/// The files of a store that no broker runs on: `sluice store info|verify|repair`.
namespace sluice::app {
namespace {

using json = nlohmann::ordered_json;

struct StoreCommandOptions {
  std::string folder = "./sluice-data";
  bool as_json = false;
};

json to_json(const store::StoreReport& report) {
  json out{{"first", report.first},         {"end", report.end},
           {"segments", report.segments},   {"records", report.records},
           {"firstTime", report.first_ms},  {"lastTime", report.last_ms},
           {"queues", report.queues},       {"messages", report.messages},
           {"unindexed", report.unindexed}, {"tail", report.tail},
           {"good", report.good()}};
  out["topics"] = json::array();
  for (const store::TopicShare& t : report.topics) {
    out["topics"].push_back({{"topic", t.topic}, {"records", t.records}, {"bytes", t.bytes}});
  }
  out["logDamage"] = json::array();
  for (const store::LogDamage& d : report.log_damage) {
    out["logDamage"].push_back(
        {{"file", d.file}, {"from", d.from}, {"to", d.to}, {"problem", d.problem}});
  }
  out["indexDamage"] = json::array();
  for (const store::IndexDamage& d : report.index_damage) {
    out["indexDamage"].push_back({{"topic", d.topic},
                                  {"queue", d.queue.value},
                                  {"offset", d.offset.value},
                                  {"entries", d.count},
                                  {"problem", d.problem}});
  }
  out["other"] = report.other;
  return out;
}

void print_numbers(const store::OfflineStore& store, const store::StoreReport& report,
                   bool with_records) {
  Table table({{"WHAT"}, {"VALUE", Table::Align::right}});
  table.row({"written last by", store.checkpoint ? "Sluice" : "Apache RocketMQ, or unknown"});
  table.row({"stopped cleanly", store.closed ? "yes" : "no, or a broker was killed"});
  table.row({"log from", fmt::to_string(report.first)});
  table.row({with_records ? "log to" : "log flushed to", fmt::to_string(report.end)});
  table.row({"log files", fmt::to_string(report.segments)});
  table.row({"bytes in a file", fmt::to_string(store.log.segment_bytes())});
  if (with_records) table.row({"records", fmt::to_string(report.records)});
  table.row({"first stored", time_text(report.first_ms)});
  table.row({"last stored", time_text(report.last_ms)});
  table.row({"queues with messages", fmt::to_string(report.queues)});
  table.row({"messages in queues", fmt::to_string(report.messages)});
  if (with_records) table.row({"to be indexed at the start", fmt::to_string(report.unindexed)});
  fmt::print("{}", table.text());
}

/// The largest topics: those that fill the disk.
void print_topics(const store::StoreReport& report) {
  constexpr std::size_t kMost = 20;
  Table table({{"TOPIC"},
               {"RECORDS", Table::Align::right},
               {"BYTES", Table::Align::right},
               {"SHARE", Table::Align::right}});
  const auto all = static_cast<double>(std::max<std::int64_t>(report.end - report.first, 1));
  for (std::size_t i = 0; i < std::min(kMost, report.topics.size()); ++i) {
    const store::TopicShare& t = report.topics[i];
    table.row({t.topic, fmt::to_string(t.records), fmt::to_string(t.bytes),
               fmt::format("{:.1f} %", static_cast<double>(t.bytes) * 100 / all)});
  }
  fmt::print("\n{}", table.text());
  if (report.topics.size() > kMost) {
    fmt::print("and {} topics more (--json has all)\n", report.topics.size() - kMost);
  }
}

void print_damage(const store::StoreReport& report) {
  if (!report.log_damage.empty()) {
    Table table({{"DAMAGED FILE"},
                 {"FROM", Table::Align::right},
                 {"BYTES", Table::Align::right},
                 {"PROBLEM"}});
    for (const store::LogDamage& d : report.log_damage) {
      table.row({d.file, fmt::to_string(d.from), fmt::to_string(d.to - d.from), d.problem});
    }
    fmt::print("\n{}", table.text());
  }
  if (!report.index_damage.empty()) {
    Table table({{"TOPIC"},
                 {"QUEUE", Table::Align::right},
                 {"FIRST OFFSET", Table::Align::right},
                 {"BAD ENTRIES", Table::Align::right},
                 {"PROBLEM"}});
    for (const store::IndexDamage& d : report.index_damage) {
      table.row({d.topic, fmt::to_string(d.queue.value), fmt::to_string(d.offset.value),
                 fmt::to_string(d.count), d.problem});
    }
    fmt::print("\n{}", table.text());
  }
  for (const std::string& other : report.other) fmt::print("\n{}\n", other);
  if (!report.tail.empty()) {
    fmt::print("\nAt the log's end lies what is no record ({}): the next start cuts it off.\n",
               report.tail);
  }
}

void show_progress(std::int64_t done, std::int64_t all) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\rchecked {} of {} MiB{}", done >> 20, all >> 20, done == all ? "\n" : "");
}

Result<int> info(const StoreCommandOptions& options, store::OfflineStore& store) {
  SLUICE_TRY(const auto report, store::survey(store));
  if (options.as_json) {
    fmt::print("{}\n", json_text(to_json(report)));
  } else {
    print_numbers(store, report, false);
  }
  return kExitOk;
}

Result<int> verify(const StoreCommandOptions& options, store::OfflineStore& store) {
  SLUICE_TRY(const auto report, store::verify(store, show_progress));
  if (options.as_json) {
    fmt::print("{}\n", json_text(to_json(report)));
  } else {
    print_numbers(store, report, true);
    print_topics(report);
    print_damage(report);
    fmt::print("\n{}\n", report.good() ? "Everything is well."
                                       : "Some is damaged: `sluice store repair` mends the files "
                                         "and keeps copies of what it replaces.");
  }
  return report.good() ? kExitOk : kExitFailed;
}

Result<int> repair(const StoreCommandOptions& options, store::OfflineStore& store) {
  SLUICE_TRY(const auto report, store::verify(store, show_progress));
  const auto tags_code_of = broker::index_code(broker::DelayLevels());
  SLUICE_TRY(const auto done, store::repair(store, report, tags_code_of));
  if (options.as_json) {
    json out = to_json(report);
    out["done"] = done.done;
    out["copies"] = done.copies;
    fmt::print("{}\n", json_text(out));
    return kExitOk;
  }
  print_damage(report);
  for (const std::string& line : done.done) fmt::print("{}\n", line);
  fmt::print("{}\n", done.done.empty() ? "There was nothing to mend."
                                       : "Copies of what was replaced are in " + done.copies);
  return kExitOk;
}

using StoreVerb = Result<int> (*)(const StoreCommandOptions&, store::OfflineStore&);

Result<int> run_on_store(const StoreCommandOptions& options, StoreVerb verb) {
  const auto disk = store::posix_disk();
  SLUICE_TRY(const auto store, store::OfflineStore::open(*disk, options.folder));
  return verb(options, *store);
}

}  // namespace

void add_store_commands(CLI::App& cli, int& exit_code) {
  struct Row {
    const char* name;
    const char* help;
    StoreVerb verb;
  };
  constexpr Row kRows[] = {
      {"info", "What is in the store, without reading the messages", info},
      {"verify", "Read every message and every index entry; exit status 1 when some is damaged",
       verify},
      {"repair", "Mend what `verify` finds; keeps copies below DIR/damaged", repair},
  };
  CLI::App* group =
      cli.add_subcommand("store", "Look at or mend a store's files while no broker runs on them");
  group->require_subcommand(1);
  group->footer(
      "Works on the stores of Sluice and of Apache RocketMQ.\n"
      "Example: sluice store verify /var/lib/sluice --json");
  for (const Row& row : kRows) {
    auto options = std::make_shared<StoreCommandOptions>();
    CLI::App* verb = group->add_subcommand(row.name, row.help);
    verb->add_option("dir", options->folder, "The store (storePathRootDir)")->capture_default_str();
    verb->add_flag("--json", options->as_json, "For scripts: one object");
    verb->callback([options, run = row.verb, &exit_code] {
      const auto done = run_on_store(*options, run);
      exit_code = done ? *done : report(done.error());
    });
  }
}

}  // namespace sluice::app
