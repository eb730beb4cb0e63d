#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "app/bench/meter.h"

/// What is said of a load. Pure.
namespace sluice::app {

struct LoadReport {
  std::string work;        ///< what was done, in a few words
  std::string latency_of;  ///< from where to where latency was measured; empty: it was not
  double seconds = 0;      ///< measured, without the warm-up
  double cpu_seconds = 0;  ///< of this process in that time
  Counts counts;
};

/// One line on what came in the last `seconds`.
std::string progress_line(const Counts& last, double seconds, double since_start);
/// A table for people.
std::string report_text(const LoadReport& report);
/// The same for scripts: rates a second, latencies in microseconds.
nlohmann::ordered_json report_json(const LoadReport& report);

}  // namespace sluice::app
