#include "faults.h"

namespace sluice::sim {

void Faults::run() {
  look_after();
  act();
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

void Faults::act() {
  Chance& chance = world_.chance();
  world_.timeline().after(milliseconds(chance.between(500, 25'000)), [this, &chance] {
    if (stopped_) return;
    const Plan& plan = world_.plan();
    auto& disk = world_.disk();
    const std::int64_t next = disk.changes();
    switch (chance.below(8)) {
      case 0:
        if (plan.kills && world_.up()) world_.die(Death::kill);
        break;
      case 1:  // in the middle of something, a start perhaps
        if (!plan.kills) break;
        world_.dies_as(Death::kill);
        disk.fail_from(next + chance.below(80));
        break;
      case 2:
        if (plan.power_cuts && world_.up()) world_.die(power_cut());
        break;
      case 3:
        if (!plan.power_cuts) break;
        world_.dies_as(power_cut());
        disk.fail_from(next + chance.below(80));
        break;
      case 4:
        if (plan.disk_errors) disk.fail_once(next + chance.below(60));
        break;
      case 5:
        if (!plan.disk_full) break;
        disk.set_room(chance.below(3000));
        world_.verdict().note("the disk is full");
        world_.timeline().after(milliseconds(chance.between(100, 5000)), [this] {
          world_.disk().set_room(std::nullopt);
          world_.verdict().note("the disk has space");
        });
        break;
      case 6:
        if (plan.slow) world_.clock().advance(milliseconds(chance.between(1, 3000)));
        break;
      default:
        if (chance.percent(30) && world_.up()) world_.restart_cleanly();
    }
    act();
  });
}

}  // namespace sluice::sim
