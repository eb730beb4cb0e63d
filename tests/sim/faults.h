#pragma once

#include "world.h"

namespace sluice::sim {

/// Lets happen to the machine and to the process what the plan allows, one thing after the other.
class Faults {
 public:
  explicit Faults(World& world) : world_(world) {}
  void run();
  /// No more; what holds on ends.
  void stop();

 private:
  void act();
  void look_after();
  Death power_cut() const;
  World& world_;
  bool stopped_ = false;
};

}  // namespace sluice::sim
