#pragma once

#include "base/clock.h"

namespace sluice {

/// The operating system's clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  SteadyTime steady() const override;
};

}  // namespace sluice
