#include "faults.h"

#include <string_view>

namespace sluice::sim {

void Faults::run() {
  look_after();
  act();
  world_.on_start([this] { soon_after_start(); });
}

/// When little is behind what the start before has mended: perhaps less than it has cut.
void Faults::soon_after_start() {
  Chance& chance = world_.chance();
  const Plan& plan = world_.plan();
  const bool cut = plan.power_cuts && chance.percent(40);
  if (stopped_ || (!cut && !plan.kills) || !chance.percent(plan.restless ? 70 : 30)) return;
  const Death death = cut ? power_cut() : Death::kill;
  if (chance.percent(50)) return dies_amid(death, 12);
  world_.timeline().after(milliseconds(chance.below(400)), [this, death, life = world_.life()] {
    if (life == world_.life()) dies(death);
  });
}

void Faults::stop() {
  stopped_ = true;
  world_.disk().set_room(std::nullopt);
}

Death Faults::power_cut() const {
  return world_.plan().torn ? Death::torn_power_cut : Death::power_cut;
}

/// An operator: a broker that takes no messages any more is started again.
void Faults::look_after() {
  world_.timeline().after(milliseconds(5000), [this] {
    const bool sick = world_.up() && !world_.store().health();
    const bool full = sick && world_.store().health().error().code() == Errc::disk_full;
    if (sick && !full) world_.die(Death::kill);
    look_after();
  });
}

/// What may happen, where the plan allows it.
struct Faults::Row {
  bool (*may)(const Plan& plan);
  void (*happen)(Faults& faults);
};

const Faults::Row Faults::kRows[] = {
    {.may = [](const Plan& plan) { return plan.kills; },
     .happen = [](Faults& f) { f.dies(Death::kill); }},
    {.may = [](const Plan& plan) { return plan.kills; },
     .happen = [](Faults& f) { f.dies_amid(Death::kill, 80); }},
    {.may = [](const Plan& plan) { return plan.kills; },
     .happen = [](Faults& f) { f.dies_after_rename(Death::kill); }},
    {.may = [](const Plan& plan) { return plan.power_cuts; },
     .happen = [](Faults& f) { f.dies(f.power_cut()); }},
    {.may = [](const Plan& plan) { return plan.power_cuts; },
     .happen = [](Faults& f) { f.dies_amid(f.power_cut(), 80); }},
    {.may = [](const Plan& plan) { return plan.power_cuts; },
     .happen = [](Faults& f) { f.dies_after_rename(f.power_cut()); }},
    {.may = [](const Plan& plan) { return plan.disk_errors; },
     .happen =
         [](Faults& f) {
           f.world_.disk().fail_once(f.world_.disk().changes() + f.world_.chance().below(60));
         }},
    {.may = [](const Plan& plan) { return plan.disk_full; },
     .happen = [](Faults& f) { f.fills_up(); }},
    {.may = [](const Plan& plan) { return plan.slow; },
     .happen =
         [](Faults& f) {
           f.world_.clock().advance(milliseconds(f.world_.chance().between(1, 3000)));
         }},
    {.may = [](const Plan&) { return true; },
     .happen =
         [](Faults& f) {
           if (f.world_.up() && f.world_.chance().percent(30)) f.world_.restart_cleanly();
         }},
};

void Faults::dies(Death death) {
  if (world_.up()) world_.die(death);
}

/// In the middle of something, a start perhaps.
void Faults::dies_amid(Death death, std::int64_t changes) {
  world_.dies_as(death);
  world_.disk().fail_from(world_.disk().changes() + world_.chance().below(changes));
}

/// When a snapshot, a table or a run has just taken the place of another: it may say more than the
/// log has on stable storage. Each of those that do is waited for by name, or the ones that are
/// written often would be nearly all that is met.
void Faults::dies_after_rename(Death death) {
  constexpr std::string_view kWritten[] = {"",
                                           "/config/consumerOffset.json",
                                           "/config/delayOffset.json",
                                           "/config/leases",
                                           "/config/timers/index",
                                           "/sluice.checkpoint",
                                           "/sluice.queues"};
  world_.dies_as(death);
  const std::string_view file = kWritten[world_.chance().below(std::ssize(kWritten))];
  world_.disk().fail_after_rename(file, world_.chance().below(8));
}

void Faults::fills_up() {
  world_.disk().set_room(world_.chance().below(3000));
  world_.verdict().note("the disk is full");
  const std::int64_t full = world_.chance().between(100, 5000);
  world_.timeline().after(milliseconds(full), [this] {
    world_.disk().set_room(std::nullopt);
    world_.verdict().note("the disk has space");
  });
  if (!world_.plan().kills || !world_.chance().percent(40)) return;
  // What was refused must not be there, though nobody has come to clean up behind it.
  world_.timeline().after(milliseconds(world_.chance().below(full)), [this] { dies(Death::kill); });
}

/// Now and then right after the one before: while it starts, or has just started.
void Faults::act() {
  Chance& chance = world_.chance();
  const milliseconds pause(chance.percent(25) ? chance.between(1, 4000)
                                              : chance.between(500, 25'000));
  world_.timeline().after(pause, [this] {
    if (stopped_) return;
    const Row& row = kRows[world_.chance().below(std::ssize(kRows))];
    if (row.may(world_.plan())) row.happen(*this);
    act();
  });
}

}  // namespace sluice::sim
