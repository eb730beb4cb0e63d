// Timed messages over a disk that stops at each of its changes in turn: whatever the crash leaves,
// every message that was promised comes once, none before its time, and none that was taken back.
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/testing/broker_fixture.h"
#include "store/testing/memory_disk.h"

namespace sluice::broker {
namespace {

using namespace std::chrono_literals;
using store::testing::MemoryDisk;
using testing::properties_of;

enum class Crash : std::uint8_t { kill, cut_power, cut_power_keeping_some };
struct Case {
  bool sync_flush;
  Crash crash;
};

store::StoreOptions store_options(bool sync_flush) {
  return {.root = "/r",
          .segment_bytes = 32'768,
          .index_file_bytes = 100LL * store::kIndexEntryBytes,
          .tail_bytes = 131'072,
          .sync_flush = sync_flush,
          .keys = {.slots = 50, .entries = 400},
          .tags_code_of = index_code(DelayLevels(), 1s)};
}

/// A store and a broker on it, as a process has them.
struct Process {
  std::unique_ptr<store::MessageStore> store;
  std::unique_ptr<Broker> broker;

  static Result<Process> start(MemoryDisk& disk, ManualClock& clock, bool sync_flush) {
    Process made;
    SLUICE_TRY(made.store, store::MessageStore::open(disk, clock, store_options(sync_flush)));
    made.broker = std::make_unique<Broker>(*made.store, disk, "/r/config", BrokerOptions{});
    SLUICE_CHECK(made.broker->load(clock.wall()));
    TopicConfig topic{.name = "t"};
    topic.read_queues = topic.write_queues = 1;
    SLUICE_CHECK(made.broker->topics().put(std::move(topic), clock.wall()));
    return made;
  }
  void flush() { store->flush_log(); }
};

struct Sent {
  std::int64_t due_ms = 0;
  LogPosition until;
  bool asked_back = false;  ///< what became of that is known only when it is recalled
  std::optional<LogPosition> recalled;
};

class TimersCrashEverywhere : public ::testing::TestWithParam<Case> {
 protected:
  /// Sends, takes back, delivers, writes out and moves, until something fails.
  Result<void> work(Process& process, ManualClock& clock, std::map<std::string, Sent>& sent,
                    LogPosition& flushed) {
    std::mt19937_64 dice(3);
    Timers& timers = process.broker->timers();
    const auto note = [&] { flushed = process.store->flushed(); };
    for (int round = 0; round < 6; ++round) {
      for (int i = 0; i < 4; ++i) {
        const std::string id = std::to_string(round * 10 + i);
        const std::int64_t due = unix_ms(clock.wall()) + 1 + static_cast<std::int64_t>(dice() % 40);
        const std::string properties =
            properties_of({{"UNIQ_KEY", id}, {"TIMER_DELIVER_MS", std::to_string(due)}});
        SendBatch batch(*process.broker);
        SLUICE_CHECK(batch.add({.topic = "t", .properties = properties, .body = as_bytes(id)},
                               clock.wall()));
        SLUICE_TRY(const LogPosition until, batch.append());
        sent[id] = {.due_ms = due, .until = until};
        if (i != 2) continue;
        sent[id].asked_back = true;
        if (GetParam().sync_flush) process.flush();
        SLUICE_TRY(const auto done, timers.recall({.topic = "t",
                                                   .broker = "broker-a",
                                                   .due_ms = due,
                                                   .unique_key = id,
                                                   .position = batch.at(0).position},
                                                  clock.wall()));
        if (done.what == Timers::Recalled::now) sent[id].recalled = done.until;
      }
      if (GetParam().sync_flush) process.flush();
      note();
      clock.advance(9ms);
      SLUICE_CHECK(timers.deliver(clock.wall()));
      if (round % 2 == 1) {
        process.store->maintain();
        note();
        SLUICE_CHECK(timers.upkeep(clock.steady(), true));
      }
      if (round == 4) SLUICE_CHECK(timers.move_above(process.store->end()));
      note();
    }
    return {};
  }

  /// Gives whether the whole work was done before the crash.
  bool run(std::int64_t crash_at, std::mt19937_64& chance) {
    const auto [sync_flush, crash] = GetParam();
    MemoryDisk disk;
    ManualClock clock;
    std::map<std::string, Sent> sent;
    LogPosition flushed;
    disk.fail_from(crash_at);
    {
      auto process = Process::start(disk, clock, sync_flush);
      if (process) (void)work(*process, clock, sent, flushed);
      if (process) flushed = std::max(flushed, process->store->flushed());
    }
    const bool done = disk.changes() <= crash_at;
    if (crash == Crash::kill) disk.kill();
    if (crash == Crash::cut_power) disk.cut_power();
    if (crash == Crash::cut_power_keeping_some) disk.cut_power(&chance);
    check(disk, clock, sent, flushed);
    return done;
  }

  void check(MemoryDisk& disk, ManualClock& clock, const std::map<std::string, Sent>& sent,
             LogPosition flushed) {
    const auto [sync_flush, crash] = GetParam();
    for (int start = 0; start < 2; ++start) {
      auto process = Process::start(disk, clock, sync_flush);
      ASSERT_TRUE(process) << process.error().remark();
      for (int step = 0; step < 30; ++step) {
        clock.advance(3ms);
        ASSERT_TRUE(process->broker->timers().deliver(clock.wall()));
        process->flush();
      }
      std::map<std::string, int> times;
      const auto queue = process->store->queue("t", QueueId(0));
      for (QueueOffset at = queue->min(); at < queue->max(); at += 1) {
        std::array<store::IndexEntry, 1> entry;
        ASSERT_EQ(queue->read(at, entry).value_or(0), 1u);
        const auto slice = process->store->read(entry[0].position, entry[0].size);
        ASSERT_TRUE(slice);
        const auto found = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify).record;
        const std::string id(as_text(found.message.body));
        ++times[id];
        const auto known = sent.find(id);
        if (known != sent.end()) EXPECT_GE(found.placement.store_ms, known->second.due_ms) << id;
      }
      for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id << " at start " << start;
      for (const auto& [id, one] : sent) {
        const bool killed = crash == Crash::kill;
        const bool promised = killed || one.until <= flushed;
        const bool taken_back = one.recalled && (killed || *one.recalled <= flushed);
        if (taken_back) EXPECT_EQ(times.count(id), 0u) << id << " was taken back";
        if (promised && !one.asked_back) {
          EXPECT_EQ(times.count(id), 1u) << id << " at start " << start;
        }
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Store, TimersCrashEverywhere,
                         ::testing::Values(Case{false, Crash::kill}, Case{false, Crash::cut_power},
                                           Case{false, Crash::cut_power_keeping_some},
                                           Case{true, Crash::kill}, Case{true, Crash::cut_power}));

TEST_P(TimersCrashEverywhere, DeliversOnceWhatWasPromised) {
  log::set_level(log::Level::off);
  std::mt19937_64 chance(7);
  bool done = false;
  std::int64_t at = 0;
  for (; !done && !HasFailure(); ++at) {
    SCOPED_TRACE(at);
    done = run(at, chance);
  }
  EXPECT_GT(at, 100) << "there are that many places to crash at";
  log::set_level(log::Level::info);
}

}  // namespace
}  // namespace sluice::broker
