// What does taking messages one by one cost, compared with pulling them?
//
// Starts the server (the program `sluice` of the same build), fills a topic and lets ten consumers
// empty it, the server on one core and they on another: by pull, by pop with an acknowledgement for
// each message, by pop with one for each batch; five rounds in turn. With pop, 1 % are never
// acknowledged the first time and must come again, exactly those. Prints messages per second, the
// server's CPU microseconds per message, and its own memory; at the end the ratios to pull, as the
// medians of the rounds.
//
// Usage: consume_bench [MESSAGES = 1000000] [BODY BYTES = 1024]

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>

#include "consume_ways.h"
#include "server_process.h"
#include "wire/remoting/requests/send.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using namespace sluice::bench::consuming;
using namespace sluice::wire::remoting;
using Seconds = std::chrono::duration<double>;

constexpr int kRounds = 5;

/// This thread, and what it starts from now on. A machine with one core only stays as it is.
void stay_on_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<unsigned>(core), &cores);
  static_cast<void>(sched_setaffinity(0, sizeof cores, &cores));
}

void fill(std::int64_t messages, std::size_t size) {
  const std::string body(size, 'x');
  Connection connection;
  constexpr std::int64_t kAtOnce = 500;
  for (std::int64_t sent = 0; sent < messages; sent += kAtOnce) {
    for (std::int64_t i = 0; i < kAtOnce; ++i) {
      SendMessageV2 request;
      request.producer_group = "bench";
      request.topic = kTopic;
      request.default_topic = "TBW102";
      request.default_topic_queues = 8;
      request.queue_id = static_cast<std::int32_t>((sent + i) % kQueues);
      request.properties =
          "UNIQ_KEY\x01"
          "7F0000010000000000000000000000\x02";
      connection.add(request, as_bytes(body));
    }
    connection.write();
    for (std::int64_t i = 0; i < kAtOnce; ++i)
      insist(connection.answer().code == 0, "a send was refused");
  }
}

struct Cost {
  double per_second = 0, cpu_us = 0;
};

/// Runs ten consumers, prints and gives what they cost until `most` messages were done.
Cost measure(const char* name, const Server& server, Tally& tally, std::int64_t most,
             const std::function<void(int)>& consumer) {
  const double cpu = server.cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::jthread> threads;
  threads.reserve(kConsumers);
  for (int i = 0; i < kConsumers; ++i) threads.emplace_back([&, i] { consumer(i); });
  while (tally.done < most) std::this_thread::sleep_for(milliseconds(5));
  const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
  const double cost = (server.cpu_seconds() - cpu) * 1e6 / static_cast<double>(most);
  const double memory = server.own_mebibytes();
  threads.clear();
  fmt::print(
      "{:<16} {:>10.0f} messages/s {:>8.2f} us server CPU per message {:>8.1f} MiB own; came "
      "again: "
      "{}, wrongly: {}\n",
      name, static_cast<double>(most) / seconds, cost, memory, tally.again.load(),
      tally.wrong.load());
  std::fflush(stdout);
  return {static_cast<double>(most) / seconds, cost};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Compared round by round: neighbours in time share what else the machine did.
void print_ratio(const char* name, std::span<const Cost> pull, std::span<const Cost> pop) {
  std::vector<double> speed, cpu;
  for (std::size_t i = 0; i < pull.size(); ++i) {
    speed.push_back(pop[i].per_second / pull[i].per_second);
    cpu.push_back(pop[i].cpu_us / pull[i].cpu_us);
  }
  fmt::print("{:<16} {:.0f} % of pull's messages/s, {:.2f} times its server CPU\n", name,
             median(speed) * 100, median(cpu));
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t messages =
      argc > 1 ? parse_number<std::int64_t>(argv[1]).value_or(0) : 1'000'000;
  const std::size_t size = argc > 2 ? parse_number<std::size_t>(argv[2]).value_or(0) : 1'024;
  const std::string_view only = argc > 3 ? argv[3] : "";
  insist(messages > 0 && size > 0,
         "usage: consume_bench [MESSAGES] [BODY BYTES] [pull, pop or batch: only that way]");
  stay_on_core(0);
  const Server server(
      std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "sluice",
      {"reactors=1"});
  stay_on_core(1);
  fill(messages, size);
  const std::int64_t first_time = messages - messages / kNeverAcknowledged;
  std::map<std::string_view, std::vector<Cost>> costs;
  for (int round = 0; round < kRounds; ++round) {
    const auto run = [&](const char* way, std::int64_t most, const auto& consumer) {
      if (!only.empty() && only != way) return;
      Tally tally;
      const std::string group = fmt::format("{}-{}", way, round);
      costs[way].push_back(
          measure(way, server, tally, most, [&](int i) { consumer(group.c_str(), i, tally); }));
    };
    run("pull", messages, [](const char*, int i, Tally& tally) { pull_all(i, tally); });
    run("pop", first_time,
        [=](const char* group, int, Tally& tally) { pop_all(group, false, messages, tally); });
    run("batch", first_time,
        [=](const char* group, int, Tally& tally) { pop_all(group, true, messages, tally); });
  }
  if (!only.empty()) return 0;
  print_ratio("pop", costs["pull"], costs["pop"]);
  print_ratio("batch", costs["pull"], costs["batch"]);
}
