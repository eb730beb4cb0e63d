#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/cli/commands.h"
#include "app/cli/group_text.h"
#include "app/cli/session.h"
#include "app/cli/start_position.h"
#include "app/cli/table.h"
#include "app/cli/text.h"
#include "base/os/system_clock.h"
#include "client/offsets.h"

namespace sluice::app {
namespace {

using client::GroupAdmin;
using client::GroupQueue;
using client::MessageQueue;
using json = nlohmann::ordered_json;

struct GroupOptions {
  ConnectOptions connect;
  std::string group, topic, to;
  bool as_json = false, yes = false, dry_run = false;
};

constexpr std::string_view kRetryPrefix = "%RETRY%";

Result<void> list(const GroupOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const auto groups, GroupAdmin(session->cluster()).list());
  Table table({{"GROUP"}, {"ONLINE", Table::Align::right}});
  json out = json::array();
  for (const auto& [name, online] : groups) {
    table.row({name, std::to_string(online)});
    out.push_back({{"group", name}, {"online", online}});
  }
  fmt::print("{}", options.as_json ? json_text(out) + '\n' : table.text());
  return {};
}

Result<void> describe(const GroupOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const auto group, GroupAdmin(session->cluster()).describe(options.group));
  const WallTime now = SystemClock().wall();
  fmt::print("{}",
             options.as_json ? json_text(group_json(group, now)) + '\n' : group_text(group, now));
  return {};
}

struct Move {
  MessageQueue queue;
  std::optional<std::int64_t> from;
  std::int64_t to = 0;
};

Result<std::int64_t> target(client::Offsets& offsets, const MessageQueue& queue,
                            const StartPosition& to) {
  using Kind = StartPosition::Kind;
  switch (to.kind) {
    case Kind::first: return offsets.min(queue);
    case Kind::last: return offsets.max(queue);
    case Kind::time: return offsets.at_time(queue, from_unix_ms(to.value));
    case Kind::offset: break;
  }
  SLUICE_TRY(const std::int64_t min, offsets.min(queue));
  SLUICE_TRY(const std::int64_t max, offsets.max(queue));
  return std::clamp(to.value, min, std::max(min, max));
}

/// All queues of one topic, or of every topic in which the group has progress.
Result<std::vector<Move>> plan(client::Cluster& cluster, const GroupOptions& options,
                               const StartPosition& to) {
  std::set<std::string> topics{options.topic};
  if (options.topic.empty()) {
    topics.clear();
    SLUICE_TRY(const auto progress, GroupAdmin(cluster).progress(options.group));
    for (const GroupQueue& queue : progress) {
      if (!queue.queue.topic.starts_with(kRetryPrefix)) topics.insert(queue.queue.topic);
    }
  }
  if (topics.empty()) {
    return fail(
        Errc::not_found,
        fmt::format("group {} has consumed no topic yet; name one with --topic", options.group));
  }
  client::Offsets offsets(cluster);
  std::vector<Move> moves;
  for (const std::string& topic : topics) {
    SLUICE_TRY(const auto queues, cluster.readable_queues(topic));
    for (const MessageQueue& queue : queues) {
      Move& move = moves.emplace_back(Move{.queue = queue, .from = {}, .to = 0});
      SLUICE_TRY(move.from, offsets.committed(options.group, queue));
      SLUICE_TRY(move.to, target(offsets, queue, to));
    }
  }
  return moves;
}

Result<void> reset(const GroupOptions& options) {
  SLUICE_TRY(const StartPosition to,
             parse_start_position(options.to, SystemClock().wall(), "--to"));
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(const auto moves, plan(session->cluster(), options, to));
  GroupAdmin admin(session->cluster());
  Table table({{"TOPIC"},
               {"BROKER"},
               {"QUEUE", Table::Align::right},
               {"FROM", Table::Align::right},
               {"TO", Table::Align::right}});
  for (const Move& move : moves) {
    if (!options.dry_run) SLUICE_CHECK(admin.reset(options.group, move.queue, move.to));
    table.row({move.queue.topic, move.queue.broker_name, std::to_string(move.queue.queue_id),
               move.from ? std::to_string(*move.from) : "-", std::to_string(move.to)});
  }
  fmt::print("{}\n{}\n", table.text(),
             options.dry_run ? "nothing changed: --dry-run"
                             : fmt::format("reset group {} in {} queues; members that run go there "
                                           "with their next pull",
                                           options.group, moves.size()));
  return {};
}

Result<void> remove(const GroupOptions& options) {
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  GroupAdmin admin(session->cluster());
  if (!options.yes) {
    if (isatty(STDIN_FILENO) == 0) {
      return fail(Errc::invalid_argument,
                  "deleting a group deletes its progress; say --yes to do "
                  "it without being asked");
    }
    fmt::print(stderr, "Delete group {} with its progress? [y/N] ", options.group);
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "yes") return fail(Errc::not_permitted, "not deleted");
  }
  SLUICE_CHECK(admin.remove(options.group));
  fmt::print("deleted group {}\n", options.group);
  return {};
}

/// A verb of `group` with its name argument.
CLI::App& add_verb(CLI::App& group, const char* name, const char* what, GroupOptions& options) {
  CLI::App* verb = group.add_subcommand(name, what);
  verb->add_option("group", options.group, "Name")->required();
  add_connect_options(*verb, options.connect);
  return *verb;
}

void add_list(CLI::App& group, int& exit_code) {
  auto options = std::make_shared<GroupOptions>();
  CLI::App* verb = group.add_subcommand("list", "Show all groups and how many members are online");
  verb->add_flag("--json", options->as_json, "For scripts: an array of objects");
  add_connect_options(*verb, options->connect);
  verb->callback([options, &exit_code] { exit_code = exit_status(list(*options)); });
}

void add_reset(CLI::App& group, int& exit_code) {
  auto options = std::make_shared<GroupOptions>();
  CLI::App& verb = add_verb(group, "reset", "Send a group to another place", *options);
  verb.add_option("--to", options->to,
                  "first, last, an offset, a time ago (15m) or a time (2026-01-31T08:30:00)")
      ->required();
  verb.add_option("-t,--topic", options->topic, "Only this topic; else all it has consumed");
  verb.add_flag("--dry-run", options->dry_run, "Only show what would change");
  verb.footer("Example: sluice group reset billing --to 2h --dry-run");
  verb.callback([options, &exit_code] { exit_code = exit_status(reset(*options)); });
}

}  // namespace

void add_group_commands(CLI::App& cli, int& exit_code) {
  CLI::App* group = cli.add_subcommand("group", "Show, reset and delete consumer groups");
  group->require_subcommand(1);
  add_list(*group, exit_code);
  auto described = std::make_shared<GroupOptions>();
  CLI::App& describe_verb =
      add_verb(*group, "describe", "Show a group's members, progress and lag", *described);
  describe_verb.add_flag("--json", described->as_json, "For scripts: one object");
  describe_verb.callback(
      [described, &exit_code] { exit_code = exit_status(describe(*described)); });
  add_reset(*group, exit_code);
  auto removed = std::make_shared<GroupOptions>();
  CLI::App& delete_verb = add_verb(*group, "delete", "Delete a group with its progress", *removed);
  delete_verb.add_flag("-y,--yes", removed->yes, "Do not ask");
  delete_verb.callback([removed, &exit_code] { exit_code = exit_status(remove(*removed)); });
}

}  // namespace sluice::app
