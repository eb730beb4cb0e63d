#include <memory>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/bench/consume_load.h"
#include "app/bench/load_report.h"
#include "app/bench/produce_load.h"
#include "app/bench/watch.h"
#include "app/cli/commands.h"
#include "app/cli/run_group.h"
#include "app/cli/session.h"
#include "app/cli/text.h"
#include "app/stop_signals.h"

/// `sluice bench`: how fast a cluster is, measured through the client library.
namespace sluice::app {
namespace {

struct BenchOptions {
  ConnectOptions connect;
  std::string topic, group;
  std::size_t size = 1'024;
  double rate = 0;
  int seconds = 10, warmup = 2, in_flight = 256, producers = 1, consumers = 1, threads = 2;
  std::string tag;
  bool as_json = false;

  WatchPlan plan() const { return {.warmup = warmup, .seconds = seconds}; }
  /// As the report says it.
  std::string paced() const {
    return rate > 0 ? fmt::format("{:.0f} messages/s", rate) : std::string("as fast as possible");
  }
};

/// A number that no other run has.
std::uint64_t new_run() {
  std::random_device random;
  return (std::uint64_t{random()} << 32 | random()) | 1;
}

void show(const BenchOptions& options, const LoadReport& report) {
  if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\x1b[K");
  if (options.as_json) {
    fmt::print("{}\n", json_text(report_json(report)));
  } else {
    fmt::print("{}", report_text(report));
  }
}

ClientOptions client_options(const BenchOptions& options) {
  return {.name_servers = options.connect.name_servers,
          .request_timeout = milliseconds(options.connect.timeout_ms)};
}

ProduceLoadOptions produce_options(const BenchOptions& options) {
  const std::size_t in_flight = static_cast<std::size_t>(options.in_flight) + 1;
  return {.client = client_options(options),
          .producer = {.max_bytes_in_flight = in_flight * (options.size + 1'024),
                       .max_message_bytes = options.size,
                       .compress_above = 0},
          .message = {.topic = options.topic, .body = {}, .tag = options.tag},
          .body_bytes = options.size,
          .producers = options.producers,
          .in_flight = options.in_flight,
          .rate = options.rate};
}

ConsumeLoadOptions consume_options(const BenchOptions& options, StartAt start) {
  return {.client = client_options(options),
          .consumer = {.group = options.group,
                       .subscriptions = {{.topic = options.topic}},
                       .listener = {},
                       .start = start,
                       .threads = options.threads,
                       .max_batch = 32},
          .consumers = options.consumers};
}

/// Sends one message and waits: what is wrong shows at once, and the topic is made if it is not
/// there.
Result<void> try_it(const ProduceLoadOptions& options) {
  Client client(options.client);
  Producer producer(client, options.producer);
  Message message = options.message;
  message.body.assign(options.body_bytes, 'x');
  auto sent = producer.send(std::move(message));
  if (sent.has_value()) return {};
  const Failure& failure = sent.error();
  return fail(static_cast<Errc>(failure.code.value() - 1), failure.remark);
}

Result<void> produce(const BenchOptions& options) {
  StopSignals signals;
  SLUICE_CHECK(try_it(produce_options(options)));
  Meter meter;
  ProduceLoad load(produce_options(options), meter);
  SLUICE_TRY(LoadReport report, watch(meter, options.plan(), signals));
  load.stop();
  report.work = fmt::format("produce {} bytes, {}, {} x {} under way", options.size,
                            options.paced(), options.producers, options.in_flight);
  report.latency_of = options.rate > 0 ? "from when a message was due to its answer"
                                       : "from handing a message over to its answer";
  show(options, report);
  return {};
}

Result<void> accepted(const ConsumeLoad& load) {
  auto status = load.status();
  if (status.has_error()) return fail(Errc::invalid_argument, status.error().remark);
  return {};
}

Result<void> consume(BenchOptions options) {
  StopSignals signals;
  const RunGroup group(options.connect, options.group, new_run());
  Meter meter;
  ConsumeLoad load(consume_options(options, StartAt::first), meter);
  SLUICE_CHECK(accepted(load));
  SLUICE_TRY(LoadReport report, watch(meter, options.plan(), signals));
  load.stop();
  report.work =
      fmt::format("consume, {} member{}", options.consumers, options.consumers == 1 ? "" : "s");
  show(options, report);
  return {};
}

Result<void> end_to_end(BenchOptions options) {
  if (options.size < TimeStamp::kBytes) {
    return fail(
        Errc::invalid_argument,
        fmt::format("--size is at least {}: bodies say when they were due", TimeStamp::kBytes));
  }
  StopSignals signals;
  const std::uint64_t run = new_run();
  const RunGroup group(options.connect, options.group, run);
  ProduceLoadOptions producing = produce_options(options);
  SLUICE_CHECK(try_it(producing));
  Meter received, sent;
  ConsumeLoadOptions consuming = consume_options(options, StartAt::last);
  consuming.stamp_run = run;
  ConsumeLoad consumers(consuming, received);
  SLUICE_CHECK(accepted(consumers));
  producing.stamp_run = run;
  ProduceLoad producers(producing, sent);
  SLUICE_TRY(LoadReport report, watch(received, options.plan(), signals));
  producers.stop();
  consumers.stop();
  const Counts failed = sent.take();
  report.counts.failures += failed.failures;
  report.counts.first_failure = failed.first_failure;
  report.work = fmt::format("end to end {} bytes, {}", options.size, options.paced());
  report.latency_of = "from when a message was due to its receipt";
  show(options, report);
  return {};
}

void add_common(CLI::App& verb, BenchOptions& options) {
  verb.add_option("topic", options.topic, "Which topic")->required();
  verb.add_option("--seconds", options.seconds, "How long to measure")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  verb.add_option("--warmup", options.warmup, "Seconds before that, not counted")
      ->check(CLI::Range(0, 3'600))
      ->capture_default_str();
  verb.add_flag("--json", options.as_json, "One line of JSON; latencies in microseconds");
  add_connect_options(verb, options.connect);
}

void add_producing(CLI::App& verb, BenchOptions& options) {
  verb.add_option("--size", options.size, "Bytes of each body")
      ->check(CLI::Range(1, 128 << 20))
      ->capture_default_str();
  verb.add_option("--rate", options.rate,
                  "Messages a second of all producers; 0: as fast as answers come")
      ->check(CLI::Range(0.0, 1e8))
      ->capture_default_str();
  verb.add_option("--in-flight", options.in_flight, "Sends under way at once, of each producer")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  verb.add_option("--producers", options.producers, "Producers, each with a client of its own")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  verb.add_option("-t,--tag", options.tag, "Tag of every message");
}

void add_consuming(CLI::App& verb, BenchOptions& options) {
  verb.add_option("-g,--group", options.group,
                  "The consumer group. Without: one for this run, deleted at the end");
  verb.add_option("--consumers", options.consumers, "Members of the group")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  verb.add_option("--threads", options.threads, "Listener threads of each member")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
}

}  // namespace

void add_bench_commands(CLI::App& cli, int& exit_code) {
  CLI::App* bench = cli.add_subcommand(
      "bench", "Measure throughput and latency of a cluster, through the client library");
  bench->require_subcommand(1);
  bench->footer(
      "With --rate, latency counts from when a message was due, so a stall is paid for by all\n"
      "messages that came due meanwhile. Client and server share this machine's cores if they\n"
      "run on the same: pin them (taskset) for figures that mean something.\n"
      "Examples:\n"
      "  sluice bench produce load --size 1024 --in-flight 512\n"
      "  sluice bench end-to-end load --rate 1000 --seconds 30\n"
      "  sluice bench consume load --json");
  auto options = std::make_shared<BenchOptions>();
  CLI::App* verb = bench->add_subcommand("produce", "Send, and time the answers");
  add_common(*verb, *options);
  add_producing(*verb, *options);
  verb->callback([options, &exit_code] { exit_code = exit_status(produce(*options)); });
  verb = bench->add_subcommand("consume", "Read from the topic's first message on");
  add_common(*verb, *options);
  add_consuming(*verb, *options);
  verb->callback([options, &exit_code] { exit_code = exit_status(consume(*options)); });
  verb = bench->add_subcommand("end-to-end", "Send, and time until a listener has the message");
  add_common(*verb, *options);
  add_producing(*verb, *options);
  add_consuming(*verb, *options);
  verb->callback([options, &exit_code] { exit_code = exit_status(end_to_end(*options)); });
}

}  // namespace sluice::app
