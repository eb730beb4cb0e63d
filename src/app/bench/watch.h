#pragma once

#include "app/bench/load_report.h"
#include "app/bench/meter.h"
#include "app/stop_signals.h"
#include "base/result.h"

/// Follows a load while it runs.
namespace sluice::app {

struct WatchPlan {
  int warmup = 0;   ///< seconds that are not counted
  int seconds = 0;  ///< then, seconds that are
};

/// Takes the meter once a second, shows a line of it on standard error where that is a terminal,
/// and sums it up. A signal ends it early. Work and latency are for the caller to name. Errors:
/// closed, when nothing came through: with the reason, if there was one.
Result<LoadReport> watch(Meter& meter, const WatchPlan& plan, StopSignals& signals);

}  // namespace sluice::app
