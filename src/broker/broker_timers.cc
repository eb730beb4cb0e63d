#include "broker/broker.h"
#include "broker/timer_check.h"

/// Timed messages as the broker opens them, be the store its own or Apache's.
namespace sluice::broker {

Result<void> Broker::load_timers() {
  SLUICE_TRY(const ApacheTimers apache, read_timer_check(disk_, config_folder_ + "/timercheck"));
  const std::string& folder = options_.timers_folder;
  return timers_.restore(disk_, folder.empty() ? config_folder_ + "/timers" : folder, apache);
}

}  // namespace sluice::broker
