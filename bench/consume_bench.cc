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
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>

#include "server_process.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using namespace sluice::wire::remoting;
using Seconds = std::chrono::duration<double>;

constexpr int kConsumers = 10, kQueues = 8, kRounds = 5;
constexpr const char* kTopic = "bench";
constexpr std::int64_t kInvisibleMs = 20'000;
constexpr std::int64_t kNeverAcknowledged = 100;  // one message in so many, the first time

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

struct Place {
  std::int32_t queue;
  std::int64_t offset;
  std::int32_t attempts;
};

/// Queue, offset and reconsumeTimes of each record (hosts are IPv4 here).
void read_places(Bytes body, std::vector<Place>& places) {
  places.clear();
  while (!body.empty()) {
    const std::byte* const record = body.data();
    places.push_back({load_be<std::int32_t>(record + 12), load_be<std::int64_t>(record + 20),
                      load_be<std::int32_t>(record + 72)});
    body = body.subspan(static_cast<std::size_t>(load_be<std::int32_t>(record)));
  }
}

/// What the consumers have done so far, together.
struct Tally {
  std::atomic<std::int64_t> done{0}, again{0}, wrong{0};
};

void pull_all(int index, Tally& tally) {
  Connection connection;
  std::vector<Place> places;
  for (int queue = index; queue < kQueues; queue += kConsumers) {
    for (std::int64_t next = 0;; next += static_cast<std::int64_t>(places.size())) {
      PullMessage request;
      request.group = "pull";
      request.topic = kTopic;
      request.queue_id = queue;
      request.queue_offset = next;
      request.max_messages = 32;
      request.sys_flag = kPullSubscription;
      request.subscription = "*";
      connection.add(request);
      connection.write();
      const Command& answer = connection.answer();
      if (answer.code != 0) break;
      read_places(answer.body, places);
      tally.done += static_cast<std::int64_t>(places.size());
    }
  }
}

void add_ack(Connection& connection, const char* group, const Place& place,
             const std::string& popped) {
  const std::string receipt = fmt::format("{0} {1} {2} 0 0 broker-a {3} {0}", place.offset, popped,
                                          kInvisibleMs, place.queue);
  AckMessage ack;
  ack.group = group;
  ack.topic = kTopic;
  ack.queue_id = place.queue;
  ack.offset = place.offset;
  ack.receipt = receipt;
  connection.add(ack);
}

/// One acknowledgement for all `places` of a pop, which BATCH_ACK_MESSAGE takes as bits from an
/// offset on.
void add_batch_ack(Connection& connection, const char* group, std::span<const Place> places,
                   const std::string& popped) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string body;
  for (std::size_t i = 0; i < places.size();) {
    const auto [queue, start, attempts] = places[i];
    std::array<std::uint8_t, 129> bits{};
    std::size_t bytes = 0;
    for (; i < places.size() && places[i].queue == queue && places[i].offset - start < 1'000; ++i) {
      const auto bit = static_cast<std::size_t>(places[i].offset - start);
      bits[bit / 8] |= static_cast<std::uint8_t>(1U << bit % 8);
      bytes = bit / 8 + 1;
    }
    std::string text;
    for (std::size_t at = 0; at < bytes; at += 3) {
      const std::uint32_t three =
          static_cast<std::uint32_t>(bits[at] << 16 | bits[at + 1] << 8 | bits[at + 2]);
      for (int shift = 18; shift >= 0; shift -= 6) text += kLetters[three >> shift & 63];
    }
    body += fmt::format(
        R"({}{{"c":"{}","t":"{}","r":"0","so":{},"q":{},"rq":0,"pt":{},"it":{},"b":"{}"}})",
        body.empty() ? "" : ",", group, kTopic, start, queue, popped, kInvisibleMs, text);
  }
  connection.add(BatchAckMessage{},
                 as_bytes(fmt::format(R"({{"brokerName":"broker-a","acks":[{}]}})", body)));
}

void add_pop(Connection& connection, const char* group) {
  PopMessage request;
  request.group = group;
  request.topic = kTopic;
  request.max_messages = 32;
  request.invisible_ms = kInvisibleMs;
  request.poll_ms = 500;
  connection.add(request);
}

/// The messages that are acknowledged of those a pop brought.
void choose(std::vector<Place>& places, Tally& tally) {
  std::erase_if(places, [&tally](const Place& place) {
    const bool lost = place.offset % kNeverAcknowledged == 7;
    if (place.attempts > 0) ++(lost ? tally.again : tally.wrong);
    return lost && place.attempts == 0;
  });
}

/// As the Java client does, asks for the next messages while those before are worked on: the
/// acknowledgements leave together with the next pop.
void pop_all(const char* group, bool batch, std::int64_t wanted, Tally& tally) {
  Connection connection;
  std::vector<Place> places;
  add_pop(connection, group);
  connection.write();
  while (tally.done < wanted) {
    const Command& answer = connection.answer();
    const std::string popped(answer.ext.get("popTime"));
    places.clear();
    if (answer.code == 0) read_places(answer.body, places);
    choose(places, tally);
    if (batch && !places.empty()) {
      add_batch_ack(connection, group, places, popped);
    } else {
      for (const Place& place : places) add_ack(connection, group, place, popped);
    }
    const std::size_t acknowledged =
        batch ? std::min<std::size_t>(1, places.size()) : places.size();
    add_pop(connection, group);
    connection.write();
    for (std::size_t i = 0; i < acknowledged; ++i) {
      insist(connection.answer().code == 0, "a refused acknowledgement");
    }
    tally.done += static_cast<std::int64_t>(places.size());
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
