// How long do sends and deliveries take while the broker looks after itself?
//
// So many messages a second are sent to one queue and read by a consumer that waits for them:
// quietly, and while each kind of upkeep goes on. Beside the latencies stand their two outer
// causes: how long the disk took for an fdatasync of 4 KiB of somebody else's, four times a second,
// and how late the sender itself was woken; and where sends of 5 ms or more were, as the broker
// counts them (slowRequestMs).
//
// Usage: upkeep_bench [PER_SECOND = 5000] [SECONDS = 12] [PHASE: a part of its name] [SERVER]

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "watches.h"
#include "wire/remoting/bodies/heartbeat.h"

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr int kStall = 5;  // ms
constexpr int kManyNames = 10'000, kMembers = 100;

void pause(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

std::string name_of(std::string_view kind, std::int64_t i) { return fmt::format("{}-{}", kind, i); }

void ask(Connection& connection) {
  connection.write();
  insist(connection.answer().code == 0, "a refused request");
}

void commit(Connection& connection, std::int64_t i, std::int64_t offset) {
  const std::string group = name_of("group", i), topic = name_of("topic", i);
  remoting::UpdateConsumerOffset request;
  request.group = group;
  request.topic = topic;
  request.commit_offset = offset;
  connection.add(request);
}

/// Topics with a message each, and as many groups that have read it.
void make_names(Server&) {
  Connection connection;
  for (std::int64_t i = 0; i < kManyNames; ++i) {
    const std::string group = name_of("group", i), topic = name_of("topic", i);
    auto send = request_to_send(topic, 0);
    send.default_topic_queues = 1;
    connection.add(send, as_bytes("first"));
    remoting::PullMessage pull;
    pull.group = group;
    pull.topic = topic;
    pull.max_messages = 1;
    pull.sys_flag = remoting::kPullSubscription;
    pull.subscription = "*";
    connection.add(pull);
    commit(connection, i, 1);
    connection.write();
    for (int answers = 0; answers < 3; ++answers) connection.answer();
  }
}

void write_bulk(Server&, const Stop& stop) {
  constexpr std::int64_t kPart = 1 << 20;
  while (!stop) {
    write_old(kPart);
    pause(std::chrono::milliseconds(20));
  }
}

/// So that every snapshot has something new.
void change_names(Server&, const Stop& stop) {
  Connection connection;
  for (std::int64_t i = 0; !stop; ++i) {
    commit(connection, i % kManyNames, 2 + i);
    if (i % 10 == 0) connection.add(request_to_send(name_of("late", i), 0), as_bytes("first"));
    connection.write();
    for (int answers = i % 10 == 0 ? 2 : 1; answers > 0; --answers) connection.answer();
    pause(std::chrono::milliseconds(10));
  }
}

/// An administrator makes topics where there are many: each is on the disk when it is answered.
void administer(Server&, const Stop& stop) {
  Connection connection;
  for (std::int64_t i = 0; !stop; ++i) {
    const std::string topic = name_of("made", i);
    remoting::PutTopic request;
    request.topic = topic;
    connection.add(request);
    ask(connection);
    pause(std::chrono::milliseconds(500));
  }
}

void say_hello(Connection& connection, std::int64_t i) {
  remoting::HeartbeatBody hello;
  hello.client_id = name_of("member", i);
  hello.consumers.push_back({.group = "team"});
  hello.consumers.back().subscriptions.push_back({.topic = "old"});
  Buffer body;
  hello.encode(body);
  connection.add(remoting::HeartBeat{}, body.bytes());
  connection.write();
}

/// Fifty times a second a member leaves its group or comes back, and the others are told.
void rebalance(Server&, const Stop& stop) {
  std::vector<std::unique_ptr<Connection>> members;
  for (std::int64_t i = 0; i < kMembers; ++i) {
    members.push_back(std::make_unique<Connection>());
    say_hello(*members.back(), i);
  }
  for (std::int64_t i = 0; !stop; ++i) {
    const std::int64_t which = i / 2 % kMembers;
    Connection& member = *members[static_cast<std::size_t>(which)];
    if (i % 2 == 0) {
      const std::string id = name_of("member", which);
      remoting::UnregisterClient leave;
      leave.client_id = id;
      leave.consumer_group = "team";
      member.add(leave);
      member.write();
    } else {
      say_hello(member, which);
    }
    pause(std::chrono::milliseconds(20));
    for (const auto& one : members) {
      while (one->has_answer()) one->answer();
    }
  }
}

void make_old_and_cold(Server& server) {
  write_old(2LL << 30);
  server.end(SIGTERM);  // so that what it has mapped does not keep the pages
  put_out_of_memory(server);
  server.start();
}

void read_cold(Server&, const Stop& stop) { read_old(stop); }

struct Phase {
  std::string_view name;
  std::vector<std::string> settings;
  void (*prepare)(Server&) = nullptr;
  void (*meanwhile)(Server&, const Stop&) = nullptr;
};

const std::vector<Phase>& phases() {
  static const std::vector<Phase> all{
      {"quietly, flushed twice a second", {}},
      {"25 MiB in each flush", {}, nullptr, write_bulk},
      {"every send flushed (SYNC_FLUSH)", {"flushDiskType=SYNC_FLUSH"}},
      {"a new log file each 16 MiB", {"mappedFileSizeCommitLog=16777216"}},
      {"old log files removed",
       {"mappedFileSizeCommitLog=268435456", "logBytesMax=268435456"},
       [](Server&) { write_old(2LL << 30); }},
      {"snapshots, 10,000 topics, groups", {}, make_names, change_names},
      {"topics made, of 10,000", {}, make_names, administer},
      {"members come and go, of 100", {}, nullptr, rebalance},
      {"beside a reader of old messages", {}, make_old_and_cold, read_cold},
  };
  return all;
}

void show(const Phase& phase, const Latencies& took, const std::vector<double>& disk,
          const std::string& slow) {
  const auto three = [](const std::vector<double>& all) {
    return fmt::format("{:.2f}, {:.2f}, {:.1f}", at(all, 0.99), at(all, 0.999), at(all, 1));
  };
  const auto stalls = std::ranges::count_if(took.send, [](double t) { return t > kStall; });
  fmt::print("| {} | {} | {} | {} | {} | {:.1f}, {:.1f} | {:.1f} |\n", phase.name, three(took.send),
             three(took.end_to_end), stalls, slow, at(disk, 0.5), at(disk, 1), at(took.late, 1));
  std::fflush(stdout);
}

void measure(const Phase& phase, std::int64_t per_second, std::chrono::seconds time,
             const std::filesystem::path& program) {
  std::vector<std::string> settings = phase.settings;
  settings.push_back(fmt::format("slowRequestMs={}", kStall));
  Server server(program, settings);
  if (phase.prepare) phase.prepare(server);
  SteadyLoad("warm", per_second, std::chrono::seconds(1)).run();
  SteadyLoad load("steady", per_second, time);
  const Slow before = Slow::now();
  Stop stop{false};
  std::vector<double> disk;
  std::thread probe([&] { disk = watch_disk(server, stop); });
  std::thread other([&] {
    if (phase.meanwhile) phase.meanwhile(server, stop);
  });
  const Latencies took = load.run();
  stop = true;
  probe.join();
  other.join();
  show(phase, took, disk, Slow::now().text(before));
}

}  // namespace

int main(int argc, char** argv) {
  const auto per_second = argc > 1 ? parse_number<std::int64_t>(argv[1]).value_or(0) : 5'000;
  const auto seconds = argc > 2 ? parse_number<std::int64_t>(argv[2]).value_or(0) : 12;
  insist(per_second > 0 && seconds > 0, "usage: upkeep_bench [PER_SECOND] [SECONDS] [PHASE]");
  const std::string_view only = argc > 3 ? argv[3] : "";
  const std::filesystem::path beside =
      std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "sluice";
  fmt::print("ms, at {} messages of 1 KiB a second for {} s\n\n", per_second, seconds);
  fmt::print(
      "| meanwhile | send: p99, p99.9, worst | end to end: p99, p99.9, worst | sends above "
      "5 ms | … in the broker: queue + append + flush + wake + write | fdatasync: p50, worst | "
      "sender woken late: worst |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Phase& phase : phases()) {
    if (phase.name.find(only) == phase.name.npos) continue;
    measure(phase, per_second, std::chrono::seconds(seconds), argc > 4 ? argv[4] : beside);
  }
}
