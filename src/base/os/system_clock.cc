#include "base/os/system_clock.h"

namespace sluice {

using std::chrono::time_point_cast;

WallTime SystemClock::wall() const {
  return time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const {
  return time_point_cast<milliseconds>(std::chrono::steady_clock::now());
}

}  // namespace sluice
