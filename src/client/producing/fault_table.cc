#include "client/producing/fault_table.h"

namespace sluice::client {
namespace {

struct Step {
  milliseconds latency, pause;
};
constexpr Step kSteps[] = {
    {milliseconds(15'000), milliseconds(30'000)}, {milliseconds(5'000), milliseconds(10'000)},
    {milliseconds(3'000), milliseconds(6'000)},   {milliseconds(1'800), milliseconds(5'000)},
    {milliseconds(550), milliseconds(2'000)},
};

}  // namespace

void FaultTable::note(const std::string& broker, milliseconds latency, SteadyTime now) {
  for (const Step& step : kSteps) {
    if (latency < step.latency) continue;
    avoid_until_[broker] = now + step.pause;
    return;
  }
  avoid_until_.erase(broker);
}

bool FaultTable::available(const std::string& broker, SteadyTime now) const {
  const auto found = avoid_until_.find(broker);
  return found == avoid_until_.end() || found->second <= now;
}

}  // namespace sluice::client
