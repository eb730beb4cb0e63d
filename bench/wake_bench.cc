// How soon does a waiting client have a message, while many others wait for other messages?
//
// Starts the server on an empty store. Parks requests and then, time after time, one more pull on
// the queue "wanted": prints from the append's request to the pull's answer, as one client sees
// both. The others wait
//   elsewhere: on 200 queues of 50 topics,
//   for tags:  on the same queue, each for a tag of its own that never comes,
//   by pop:    in 1,000 groups, on another topic.
// For those with tags also: the server's CPU time for a message that none of them wants, against
// the same without them. With 100,000: their memory over idle. At last 200 groups read the same
// queue, on 20 connections, and each gets each message: the server's CPU time for a message and
// group.
//
// Usage: wake_bench [ROUNDS = 5000]

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server_process.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/requests/pull.h"
#include "wire/remoting/requests/send.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using namespace sluice::wire::remoting;
using Ticks = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr const char* kWanted = "wanted";
constexpr std::int64_t kHoldMs = 60'000;  // the longest the server keeps
constexpr int kTopics = 50, kQueues = 4, kGroups = 1'000, kOnOneConnection = 5'000;

void add_send(Connection& connection, std::string_view topic, std::string_view tag) {
  const std::string properties = fmt::format(
      "UNIQ_KEY\x01"
      "7F0000010000000000000000000000\x02TAGS\x01{}\x02",
      tag);
  SendMessageV2 request;
  request.producer_group = "bench";
  request.topic = topic;
  request.default_topic = "TBW102";
  request.default_topic_queues = kQueues;
  request.properties = properties;
  connection.add(request, as_bytes(std::string_view("hello")));
}

void send(Connection& connection, std::string_view topic, std::string_view tag) {
  add_send(connection, topic, tag);
  connection.write();
  insist(connection.answer().code == 0, "a send was refused");
}

void add_pull(Connection& connection, std::string_view topic, std::int32_t queue,
              std::int64_t offset, std::string_view tag, std::string_view group = "bench") {
  PullMessage request;
  request.group = group;
  request.topic = topic;
  request.queue_id = queue;
  request.queue_offset = offset;
  request.max_messages = 32;
  request.sys_flag = kPullSubscription | kPullSuspend;
  request.suspend_ms = kHoldMs;
  request.subscription = tag;
  connection.add(request);
}

/// Answers that come meanwhile must not be waited for on this connection.
std::int64_t end_of(Connection& connection, std::string_view topic) {
  GetMaxOffset request;
  request.topic = topic;
  connection.add(request);
  connection.write();
  return parse_number<std::int64_t>(connection.answer().ext.get("offset")).value_or(0);
}

/// `end`: of the queue that is waited for.
void park_elsewhere(Connection& connection, int i, std::int64_t) {
  const int queue = i / kTopics % kQueues;
  add_pull(connection, fmt::format("other-{}", i % kTopics), queue, queue == 0 ? 1 : 0, "*");
}

void park_for_tag(Connection& connection, int i, std::int64_t end) {
  add_pull(connection, kWanted, 0, end, fmt::format("tag-{}", i));
}

void park_by_pop(Connection& connection, int i, std::int64_t) {
  const std::string group = fmt::format("group-{}", i % kGroups);
  PopMessage request;
  request.group = group;
  request.topic = "other-0";
  request.queue_id = 1;  // one without messages: a new group begins with those of a young queue
  request.max_messages = 32;
  request.invisible_ms = 60'000;
  request.poll_ms = kHoldMs;
  request.init_mode = 1;
  connection.add(request);
}

/// Requests that wait at the server, and the connections they came by.
using Parked = std::vector<std::unique_ptr<Connection>>;

using Park = void (*)(Connection&, int, std::int64_t);

Parked park(int count, Park park_one) {
  Parked parked;
  Connection connection;
  const std::int64_t end = end_of(connection, kWanted);
  for (int i = 0; i < count; ++i) {
    if (i % kOnOneConnection == 0) parked.push_back(std::make_unique<Connection>());
    park_one(*parked.back(), i, end);
    if (i % 500 == 499) parked.back()->write();
  }
  for (const auto& full : parked) {
    full->write();
    end_of(*full, kWanted);  // what came before is parked now
  }
  return parked;
}

void measure(const char* name, const Server& server, int rounds) {
  Connection waits, sends;
  std::vector<double> times;
  std::int64_t offset = end_of(sends, kWanted);
  for (int round = 0; round < rounds; ++round) {
    add_pull(waits, kWanted, 0, offset, "mine");
    end_of(waits, kWanted);  // the pull is parked now
    add_send(sends, kWanted, "mine");
    const auto start = Ticks::now();
    sends.write();
    insist(waits.answer().code == 0, "the pull was not answered with the message");
    times.push_back(Microseconds(Ticks::now() - start).count());
    insist(sends.answer().code == 0, "a send was refused");
    ++offset;
  }
  const double cpu = server.cpu_seconds();
  for (int round = 0; round < rounds; ++round) send(sends, kWanted, "nobody");
  const double cost = (server.cpu_seconds() - cpu) * 1e6 / rounds;
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  fmt::print(
      "{:<28} p50 {:>6.0f}  p99 {:>6.0f}  p99.9 {:>6.0f}  most {:>6.0f} us; "
      "{:>5.1f} us server CPU for a message nobody wants\n",
      name, at(0.5), at(0.99), at(0.999), at(1), cost);
  std::fflush(stdout);
}

/// One message at a time, each to all groups.
void measure_groups(const Server& server, int messages) {
  constexpr int kReaders = 20, kEach = 10;
  Connection sends;
  Parked readers;
  for (int i = 0; i < kReaders; ++i) readers.push_back(std::make_unique<Connection>());
  std::int64_t offset = end_of(sends, kWanted);
  std::vector<double> times;
  const double cpu = server.cpu_seconds();
  for (int message = 0; message < messages; ++message, ++offset) {
    for (int group = 0; group < kReaders * kEach; ++group) {
      Connection& reader = *readers[static_cast<std::size_t>(group % kReaders)];
      add_pull(reader, kWanted, 0, offset, "*", fmt::format("group-{}", group));
    }
    for (const auto& reader : readers) reader->write();
    for (const auto& reader : readers) end_of(*reader, kWanted);  // all are parked
    add_send(sends, kWanted, "all");
    const auto start = Ticks::now();
    sends.write();
    for (const auto& reader : readers) {
      for (int i = 0; i < kEach; ++i) insist(reader->answer().code == 0, "a group got no message");
    }
    times.push_back(Microseconds(Ticks::now() - start).count());
    insist(sends.answer().code == 0, "a send was refused");
  }
  const double cost = (server.cpu_seconds() - cpu) * 1e6 / messages / (kReaders * kEach);
  std::ranges::sort(times);
  fmt::print(
      "{:<28} all have it after p50 {:.0f}  p99 {:.0f} us; {:.2f} us server CPU per message and "
      "group, with its pull\n",
      "200 groups", times[times.size() / 2], times[times.size() * 99 / 100], cost);
}

void none_answered(const Parked& parked) {
  for (const auto& connection : parked)
    insist(!connection->has_answer(), "a request that wants other messages was answered");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? parse_number<int>(argv[1]).value_or(0) : 5'000;
  insist(rounds > 0, "usage: wake_bench [ROUNDS]");
  const Server server(std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() /
                      "sluice");
  {
    Connection connection;
    send(connection, kWanted, "first");
    for (int i = 0; i < kTopics; ++i) send(connection, fmt::format("other-{}", i), "first");
  }
  const double idle = server.resident_mebibytes();
  measure("alone", server, rounds);
  struct Case {
    const char* name;
    int count;
    Park park;
  };
  for (const auto& [name, count, park_one] : {Case{"10,000 elsewhere", 10'000, park_elsewhere},
                                              {"10,000 for tags", 10'000, park_for_tag},
                                              {"10,000 by pop", 10'000, park_by_pop},
                                              {"100,000 elsewhere", 100'000, park_elsewhere},
                                              {"100,000 for tags", 100'000, park_for_tag}}) {
    const Parked parked = park(count, park_one);
    const double memory = server.resident_mebibytes() - idle;
    measure(name, server, rounds);
    none_answered(parked);
    fmt::print("{:<28} {:.1f} MiB resident over idle\n", "", memory);
  }
  measure_groups(server, std::max(1, rounds / 5));
}
