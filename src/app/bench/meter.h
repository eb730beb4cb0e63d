#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "app/bench/latency_histogram.h"

/// What a load counts.
namespace sluice::app {

/// What happened in some time.
struct Counts {
  std::uint64_t messages = 0, bytes = 0;  ///< bodies
  std::uint64_t failures = 0;
  std::string first_failure;  ///< why
  LatencyHistogram latency;   ///< of messages; empty where none is measured

  void add(const Counts& other);
};

/// Collects counts from several threads. Thread-safe.
class Meter {
 public:
  void message(std::size_t bytes);
  void message(std::size_t bytes, std::chrono::nanoseconds latency);
  void failure(const std::string& why);

  /// What came since the last call, and begins anew.
  Counts take();

 private:
  std::mutex mutex_;
  Counts counts_;
};

}  // namespace sluice::app
