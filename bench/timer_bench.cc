// What do millions of timed messages that wait cost, and how late are the next ones?
//
// A store and a broker in this process: takes MESSAGES that are due between a day and ten years
// from now, opens the store again, and delivers 5,000 more, one a millisecond. Prints how fast they
// are taken, the index's bytes on the disk, the memory that no file backs, how long the start took,
// and how late the deliveries were stored.
//
// Usage: timer_bench [MESSAGES = 10000000]

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/log.h"
#include "base/os/system_clock.h"
#include "broker/broker.h"
#include "server_process.h"
#include "wire/record/properties.h"

namespace {

using namespace sluice;
using namespace sluice::broker;
using bench::insist;
using std::chrono::steady_clock;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr int kSoon = 5'000;
constexpr std::size_t kAtOnce = 500;

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

double own_mebibytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    long kib = 0;
    if (std::sscanf(line.c_str(), "RssAnon: %ld", &kib) == 1)
      return static_cast<double>(kib) / 1024;
  }
  return 0;
}

double mebibytes_in(const std::filesystem::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) bytes += file.file_size();
  return static_cast<double>(bytes) / (1 << 20);
}

struct Opened {
  std::unique_ptr<store::MessageStore> store;
  std::unique_ptr<Broker> broker;
};

Opened open(store::Disk& disk, Clock& clock, const std::string& root) {
  Opened opened;
  auto start = steady_clock::now();
  auto store = store::MessageStore::open(
      disk, clock, {.root = root, .tags_code_of = index_code(DelayLevels(), milliseconds(1000))});
  insist(store.has_value(), "the store does not open");
  opened.store = std::move(*store);
  const double store_seconds = seconds_since(start);
  start = steady_clock::now();
  opened.broker = std::make_unique<Broker>(*opened.store, disk, root + "/config",
                                           BrokerOptions{.timers_folder = root + "/timers"});
  insist(opened.broker->load(clock.wall()).has_value(), "the broker does not load");
  fmt::print("opened: store {:.3f} s, broker {:.3f} s; {:.1f} MiB of memory, {} wait\n",
             store_seconds, seconds_since(start), own_mebibytes(),
             opened.broker->timers().waiting());
  return opened;
}

void send(Broker& broker, WallTime now, std::span<const std::int64_t> dues) {
  SendBatch batch(broker);
  std::vector<std::string> properties;
  properties.reserve(dues.size());
  static std::int64_t number = 0;
  for (const std::int64_t due : dues) {
    std::string& text = properties.emplace_back();
    namespace property = wire::record::property;
    wire::record::append_property(text, property::kUniqueKey, fmt::format("{:032}", number++));
    wire::record::append_property(text, property::kTimerDeliverMs, std::to_string(due));
    const auto taken = batch.add({.topic = "bench",
                                  .default_topic = "TBW102",
                                  .properties = text,
                                  .body = as_bytes("0123456789")},
                                 now);
    insist(taken.has_value(), "a send was refused");
  }
  insist(batch.append().has_value(), "an append failed");
}

void fill(Opened& opened, Clock& clock, std::int64_t messages) {
  std::mt19937_64 dice(1);
  std::vector<std::int64_t> dues(kAtOnce);
  const auto start = steady_clock::now();
  for (std::int64_t sent = 0; sent < messages; sent += kAtOnce) {
    const std::int64_t now = unix_ms(clock.wall());
    for (std::int64_t& due : dues) {
      due = now + kDayMs + static_cast<std::int64_t>(dice() % (3'648 * kDayMs));
    }
    send(*opened.broker, clock.wall(), dues);
    if (sent % 50'000 != 0) continue;
    insist(opened.broker->timers().upkeep(clock.steady(), false).has_value(), "upkeep failed");
    opened.store->maintain();
  }
  insist(opened.broker->timers().upkeep(clock.steady(), true).has_value(), "upkeep failed");
  const double seconds = seconds_since(start);
  fmt::print("taken: {} in {:.1f} s, {:.0f}/s; {:.1f} MiB of memory\n", messages, seconds,
             static_cast<double>(messages) / seconds, own_mebibytes());
}

void deliver(Opened& opened, Clock& clock) {
  Timers& timers = opened.broker->timers();
  const std::int64_t first = unix_ms(clock.wall()) + 2'000;
  for (int i = 0; i < kSoon; ++i) {
    const std::int64_t due = first + i;
    send(*opened.broker, clock.wall(), {&due, 1});
  }
  std::size_t count = 0;
  while (count < kSoon) {
    const auto delivered = timers.deliver(clock.wall());
    insist(delivered.has_value(), "a delivery failed");
    count += delivered->count;
    const auto next = timers.next_due(clock.wall());
    if (next && *next < from_unix_ms(first + kSoon)) std::this_thread::sleep_until(*next);
  }
  std::vector<std::int64_t> late;
  for (const auto& queue : opened.store->queues()) {
    if (queue->topic() != "bench") continue;
    for (QueueOffset at = queue->min(); at < queue->max(); at += 1) {
      std::array<store::IndexEntry, 1> entry;
      insist(queue->read(at, entry).value_or(0) == 1, "a queue cannot be read");
      const auto slice = opened.store->read(entry[0].position, entry[0].size);
      insist(slice.has_value(), "a record cannot be read");
      const auto found = wire::record::scan(slice->bytes, wire::record::CrcCheck::skip).record;
      const auto due = due_ms_of(found, milliseconds(1));
      late.push_back(found.placement.store_ms - due.value_or(0));
    }
  }
  std::ranges::sort(late);
  insist(late.size() == kSoon && late.front() >= 0, "a message came early, twice or never");
  fmt::print("delivered: {}, late by p50 {} ms, p99 {} ms, at most {} ms\n", late.size(),
             late[late.size() / 2], late[late.size() * 99 / 100], late.back());
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t messages =
      argc > 1 ? parse_number<std::int64_t>(argv[1]).value_or(0) : 10'000'000;
  insist(messages > 0, "usage: timer_bench [MESSAGES]");
  log::set_level(log::Level::error);
  const auto root =
      std::filesystem::temp_directory_path() / fmt::format("sluice-timers-{}", getpid());
  SystemClock clock;
  const auto disk = store::posix_disk();
  {
    Opened opened = open(*disk, clock, root.string());
    fill(opened, clock, messages);
    insist(opened.store->close().has_value(), "the store does not close");
  }
  fmt::print("index: {:.1f} MiB on the disk\n", mebibytes_in(root / "timers"));
  {
    Opened opened = open(*disk, clock, root.string());
    deliver(opened, clock);
  }
  std::filesystem::remove_all(root);
}
