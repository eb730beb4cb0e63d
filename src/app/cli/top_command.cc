#include <algorithm>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/cli/commands.h"
#include "app/cli/internal_topics.h"
#include "app/cli/live_view.h"
#include "app/cli/session.h"
#include "app/cli/text.h"
#include "app/stop_signals.h"
#include "base/os/system_clock.h"
#include "client/group_admin.h"

/// `sluice top`: the cluster as it moves.
namespace sluice::app {
namespace {

struct TopOptions {
  ConnectOptions connect;
  double interval = 2;
  bool once = false, as_json = false, all = false;
};

constexpr std::string_view kRetryPrefix = "%RETRY%";
constexpr milliseconds kLook{100};  // how often a wait looks for a signal

Result<void> sample_topics(client::Cluster& cluster, bool all, LiveSample& sample) {
  SLUICE_TRY(const auto names, cluster.topics());
  SLUICE_TRY(const auto info, cluster.info());
  for (const std::string& name : names) {
    if (!all && is_internal(name, info)) continue;
    const auto queues = cluster.topic_stats(name);
    if (!queues) continue;  // deleted since
    LiveTopic& topic = sample.topics[name];
    topic.queues = static_cast<std::int32_t>(queues->size());
    for (const client::QueueStats& queue : *queues) {
      topic.messages += queue.max_offset - queue.min_offset;
      topic.end += queue.max_offset;
    }
  }
  return {};
}

void add(LiveGroup& group, const client::GroupQueue& queue) {
  group.consumed += queue.committed;
  group.lag += queue.lag();
  const std::int64_t since = queue.unread_since.value_or(0);
  if (since <= 0) return;
  group.unread_since = std::min(group.unread_since.value_or(since), since);
}

Result<void> sample_groups(client::Cluster& cluster, LiveSample& sample) {
  client::GroupAdmin admin(cluster);
  SLUICE_TRY(const auto groups, admin.list());
  for (const auto& [name, members] : groups) {
    const auto progress = admin.progress(name);
    if (!progress) continue;  // deleted since
    for (const client::GroupQueue& queue : *progress) {
      const bool idle_retry = queue.queue.topic.starts_with(kRetryPrefix) && queue.lag() == 0;
      if (idle_retry) continue;
      LiveGroup& group = sample.groups[{name, queue.queue.topic}];
      group.members = members;
      add(group, queue);
    }
  }
  return {};
}

Result<LiveSample> look(client::Cluster& cluster, bool all) {
  LiveSample sample{.at = SystemClock().steady(), .topics = {}, .groups = {}};
  SLUICE_CHECK(sample_topics(cluster, all, sample));
  SLUICE_CHECK(sample_groups(cluster, sample));
  return sample;
}

/// As many topics and groups as the screen has room for; everything where there is no screen.
std::size_t rows_of_screen() {
  constexpr int kHeadings = 6;
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 1'000;
  return static_cast<std::size_t>(std::max(3, (size.ws_row - kHeadings) / 2));
}

void show(const TopOptions& options, const LiveSample& before, const LiveSample& now) {
  const WallTime wall = SystemClock().wall();
  if (options.as_json) {
    fmt::print("{}\n", json_text(live_json(before, now, wall)));
  } else {
    constexpr std::string_view kHome = "\x1b[H\x1b[2J";
    const bool live = !options.once && ::isatty(STDOUT_FILENO) != 0;
    fmt::print("{}{}", live ? kHome : "", live_text(before, now, wall, rows_of_screen()));
  }
  std::fflush(stdout);
}

/// False: the user has ended it.
bool wait(StopSignals& signals, double seconds) {
  const SystemClock clock;
  const SteadyTime until =
      clock.steady() + milliseconds(static_cast<std::int64_t>(seconds * 1'000));
  while (clock.steady() < until) {
    if (signals.arrived()) return false;
    std::this_thread::sleep_for(std::min<SteadyTime::duration>(kLook, until - clock.steady()));
  }
  return !signals.arrived();
}

Result<void> top(const TopOptions& options) {
  StopSignals signals;
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  SLUICE_TRY(LiveSample before, look(session->cluster(), options.all));
  while (wait(signals, options.interval)) {
    SLUICE_TRY(LiveSample now, look(session->cluster(), options.all));
    show(options, before, now);
    if (options.once) break;
    before = std::move(now);
  }
  return {};
}

}  // namespace

void add_top_command(CLI::App& cli, int& exit_code) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* verb = cli.add_subcommand("top", "Show topics, groups and their lag as they move");
  add_connect_options(*verb, options->connect);
  verb->add_option("--interval", options->interval, "Seconds between two looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  verb->add_flag("--once", options->once, "Show it once, with the rates of one interval");
  verb->add_flag("--json", options->as_json, "For scripts: one object a line");
  verb->add_flag("--all", options->all, "With the topics that brokers made for themselves");
  verb->footer(
      "Ctrl-C ends it.\nExamples:\n  sluice top\n  sluice top --once --interval 10\n"
      "  sluice top --json | jq '.groups[] | select(.lag > 1000)'");
  verb->callback([options, &exit_code] { exit_code = exit_status(top(*options)); });
}

}  // namespace sluice::app
