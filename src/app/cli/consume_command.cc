#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/consume.h"
#include "app/cli/start_position.h"
#include "base/os/system_clock.h"
#include "client/membership.h"
#include "client/offsets.h"
#include "client/reader.h"

namespace sluice::app {
namespace {

using client::MessageQueue;
using client::Received;

/// How often a signal is looked for while nothing comes.
constexpr milliseconds kLook{200};

Result<std::int64_t> resolve(client::Offsets& offsets, const MessageQueue& queue,
                             const StartPosition& start) {
  using Kind = StartPosition::Kind;
  switch (start.kind) {
    case Kind::first: return offsets.min(queue);
    case Kind::last: return offsets.max(queue);
    case Kind::time: return offsets.at_time(queue, from_unix_ms(start.value));
    case Kind::offset: break;
  }
  SLUICE_TRY(const std::int64_t min, offsets.min(queue));
  SLUICE_TRY(const std::int64_t max, offsets.max(queue));
  return std::clamp(start.value, min, std::max(min, max));
}

/// Where a queue begins: at the group's offset; without group or offset, as --from says. A group's
/// begin is committed at once: a queue that this run does not get to must not begin at another
/// place the next time.
Result<std::int64_t> start_of(client::Offsets& offsets, const MessageQueue& queue,
                              const ConsumeOptions& options, const StartPosition& from) {
  if (!options.group.empty()) {
    SLUICE_TRY(const auto committed, offsets.committed(options.group, queue));
    if (committed) return *committed;
  }
  SLUICE_TRY(const std::int64_t offset, resolve(offsets, queue, from));
  if (!options.group.empty()) SLUICE_CHECK(offsets.commit(options.group, queue, offset));
  return offset;
}

/// Commits what was written: one past the last message of each queue.
Result<void> commit(client::Offsets& offsets, const std::string& group,
                    const std::vector<Received>& messages) {
  if (group.empty()) return {};
  std::map<std::pair<std::string, std::int32_t>, const Received*> last;
  for (const Received& m : messages) last[{m.queue.broker_name, m.queue.queue_id}] = &m;
  for (const auto& [key, m] : last) SLUICE_CHECK(offsets.commit(group, m->queue, m->offset + 1));
  return {};
}

Result<void> copy(const ConsumeOptions& options, const MessageFormat& format,
                  client::Reader& reader, client::Offsets& offsets, StopSignals& stop) {
  const SystemClock clock;
  SteadyTime quiet_since = clock.steady();
  std::int64_t left = options.count;
  while (!stop.arrived()) {
    SLUICE_TRY(std::vector<Received> messages, reader.next(kLook));
    if (messages.empty()) {
      const auto quiet = clock.steady() - quiet_since;
      if (options.idle_seconds > 0 && quiet >= std::chrono::seconds(options.idle_seconds)) break;
      continue;
    }
    if (options.count > 0 && static_cast<std::int64_t>(messages.size()) > left) {
      messages.resize(static_cast<std::size_t>(left));
    }
    SLUICE_CHECK(write_messages(messages, format));
    SLUICE_CHECK(commit(offsets, options.group, messages));
    quiet_since = clock.steady();
    left -= static_cast<std::int64_t>(messages.size());
    if (options.count > 0 && left == 0) break;
  }
  return {};
}

Result<void> consume_by_pull(const ConsumeOptions& options, const MessageFormat& format,
                             client::Cluster& cluster, StopSignals& stop) {
  SLUICE_TRY(const StartPosition from, parse_start_position(options.from, SystemClock().wall()));
  client::Offsets offsets(cluster);
  std::unique_ptr<client::Membership> membership;
  if (!options.group.empty()) {
    SLUICE_TRY(membership,
               client::Membership::join(cluster, options.group, options.topic, options.tags));
  }
  client::ReaderOptions reading{.expression = options.tags};
  if (!options.group.empty()) reading.group = options.group;
  client::Reader reader(cluster, reading);
  SLUICE_TRY(const std::vector<MessageQueue> queues, cluster.readable_queues(options.topic));
  for (const MessageQueue& queue : queues) {
    SLUICE_TRY(const std::int64_t offset, start_of(offsets, queue, options, from));
    reader.add(queue, offset);
  }
  return copy(options, format, reader, offsets, stop);
}

Result<void> consume(ConsumeOptions options) {
  if (options.ordered && options.mode.empty()) options.mode = "exclusive";
  SLUICE_TRY(const ConsumeWay way, consume_way(options.model, options.mode));
  SLUICE_TRY(const MessageFormat format, MessageFormat::parse(options.format));
  SLUICE_CHECK(parse_start_position(options.from, SystemClock().wall()));
  if (way == ConsumeWay::read_all) options.group.clear();
  StopSignals stop;
  SLUICE_TRY(const auto session, ClientSession::open(options.connect));
  if (options.model == "push") {
    SLUICE_CHECK(session->cluster().readable_queues(options.topic));  // is it there?
    return consume_by_push(options, format, way, stop);
  }
  if (options.model == "pull") return consume_by_pull(options, format, session->cluster(), stop);
  return consume_by_pop(options, format, way == ConsumeWay::lease_in_order, session->cluster(),
                        stop);
}

}  // namespace

void add_consume_command(CLI::App& cli, int& exit_code) {
  auto options = std::make_shared<ConsumeOptions>();
  CLI::App* verb = cli.add_subcommand("consume", "Write a topic's messages to standard output");
  verb->add_option("topic", options->topic, "What to read")->required();
  verb->add_option("-g,--group", options->group,
                   "Read as this consumer group: go on where it is, commit what is written. "
                   "Without: read all queues and store nothing");
  verb->add_option("-f,--from", options->from,
                   "Where to begin: first, last, an offset (1200), a time ago (90s, 15m, 2h, 7d), "
                   "a time (2026-01-31T08:30:00, with Z for UTC). With --group only for queues "
                   "without a committed offset")
      ->capture_default_str();
  verb->add_option("-c,--count", options->count, "End after so many messages (0: never)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("-i,--idle", options->idle_seconds,
                   "End when nothing has come for so many seconds (0: never)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("-t,--tags", options->tags, "Only these tags: 'a || b'")->capture_default_str();
  verb->add_option("-o,--format", options->format,
                   "body, json, or a template with " + message_field_names())
      ->capture_default_str();
  verb->add_option("-m,--model", options->model,
                   "pull: this program reads every queue in order and keeps offsets; push: as a "
                   "member of the group, with its share of the queues; pop: message by message, "
                   "shared with all others that pop in the group")
      ->check(CLI::IsMember({"pull", "push", "pop"}))
      ->capture_default_str();
  verb->add_option("--mode", options->mode,
                   "How the group's members share: " + consume_modes() +
                       ". The first is the usual one. exclusive: a queue has one reader; failover: "
                       "the same, under the broker's lock; broadcast: everybody gets everything; "
                       "shared: whoever asks gets the next message");
  verb->add_option("--invisible", options->invisible_seconds,
                   "With --model pop: seconds until a message that was not written comes again")
      ->check(CLI::Range(1, 604'800))
      ->capture_default_str();
  verb->add_flag("--ordered", options->ordered,
                 "With --model pop: each queue's messages one batch after the other; the same as "
                 "--mode exclusive");
  add_connect_options(*verb, options->connect);
  verb->footer(
      "Goes on until it is interrupted.\n"
      "Examples:\n"
      "  sluice consume orders --from first --idle 2 --format json\n"
      "  sluice consume orders --from 15m --format '{time} {queue}/{offset} {key} {body}'\n"
      "  sluice consume orders --group audit --count 100\n"
      "  sluice consume orders --group billing --model push --from first\n"
      "  sluice consume orders --group workers --model pop --from first");
  verb->callback([options, &exit_code] { exit_code = exit_status(consume(*options)); });
}

}  // namespace sluice::app
