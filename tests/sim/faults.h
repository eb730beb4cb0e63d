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
  struct Row;
  static const Row kRows[];
  void act();
  void look_after();
  void soon_after_start();
  void dies(Death death);
  void dies_amid(Death death, std::int64_t changes);
  void dies_after_rename(Death death);
  void fills_up();
  Death power_cut() const;
  World& world_;
  bool stopped_ = false;
};

}  // namespace sluice::sim
