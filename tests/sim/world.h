#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "broker/broker.h"
#include "chance.h"
#include "ledger.h"
#include "plan.h"
#include "store/message_store.h"
#include "store/testing/memory_disk.h"
#include "timeline.h"
#include "verdict.h"

/// The machine and the broker's process on it: real store and broker over a simulated disk, and
/// what the program's threads do from time to time (app/serve) as events of the timeline.
namespace sluice::sim {

/// What a client learns of its request.
enum class Answer : std::uint8_t { done, failed, none };
using OnAnswer = std::function<void(Answer)>;

enum class Death : std::uint8_t { kill, power_cut, torn_power_cut };

class World {
 public:
  World(const Plan& plan, Chance& chance);

  const Plan& plan() const { return plan_; }
  Chance& chance() { return chance_; }
  Timeline& timeline() { return timeline_; }
  Verdict& verdict() { return verdict_; }
  Ledger& ledger() { return ledger_; }
  WallTime now() const { return clock_.wall(); }
  /// When the run is over.
  WallTime end() const { return begin_ + plan_.faulty + plan_.calm; }
  store::testing::MemoryDisk& disk() { return disk_; }
  ManualClock& clock() { return clock_; }

  bool up() const { return broker_ != nullptr; }
  broker::Broker& broker() { return *broker_; }
  store::MessageStore& store() { return *store_; }
  /// Steps with each start.
  int life() const { return life_; }
  /// Steps with each power cut.
  int cuts() const { return cuts_; }

  /// `fn` hears once: when everything below `until` is confirmed, when that fails, or when the
  /// process is gone.
  void answer_when(LogPosition until, OnAnswer fn);
  void answer_now(OnAnswer fn) { answer_when(LogPosition(0), std::move(fn)); }
  /// After each event: a process whose disk has stopped dies, whose time has come is answered.
  void settle();
  /// How the process dies when a change of the disk meets fail_from().
  void dies_as(Death death) { death_ = death; }

  void start();
  void die(Death death);
  /// Ends it as SIGTERM does, and starts it again.
  void restart_cleanly();
  /// Reads every queue and compares.
  void audit();
  /// Called after each start, when the broker serves.
  void on_start(std::function<void()> fn) { on_start_.push_back(std::move(fn)); }

 private:
  struct Waiting {
    LogPosition until;
    OnAnswer fn;
  };
  using Work = std::function<void()>;
  Result<void> open();
  void begin(milliseconds pause, const Work& work);
  void every(milliseconds pause, Work work);
  void one_by_one(std::vector<Work> steps);
  void start_upkeep();
  void maintain();
  void deliver_after(milliseconds wait);
  void deliver();
  void check_transactions();
  void drop_segments();
  void note_flush();
  void flush_soon();
  void answer_all(Answer answer);
  void report(const char* what, const Result<void>& done);

  const Plan plan_;
  Chance& chance_;
  ManualClock clock_;
  const WallTime begin_ = clock_.wall();
  Timeline timeline_{clock_, chance_};
  Verdict verdict_{clock_};
  Ledger ledger_;
  store::testing::MemoryDisk disk_;
  std::unique_ptr<store::MessageStore> store_;
  std::unique_ptr<broker::Broker> broker_;
  std::vector<Waiting> waiting_;
  std::vector<std::function<void()>> on_start_;
  Death death_ = Death::kill;
  std::optional<LogPosition> kept_below_;  ///< a segment was kept for timed messages below
  int life_ = 0, cuts_ = 0, failed_starts_ = 0, round_ = 0;
  bool topics_made_ = false, flush_planned_ = false;
};

}  // namespace sluice::sim
