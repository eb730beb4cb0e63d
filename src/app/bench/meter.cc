#include "app/bench/meter.h"

#include <utility>

namespace sluice::app {

void Counts::add(const Counts& other) {
  messages += other.messages;
  bytes += other.bytes;
  failures += other.failures;
  if (first_failure.empty()) first_failure = other.first_failure;
  latency.add(other.latency);
}

void Meter::message(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  ++counts_.messages;
  counts_.bytes += bytes;
}

void Meter::message(std::size_t bytes, std::chrono::nanoseconds latency) {
  const std::lock_guard lock(mutex_);
  ++counts_.messages;
  counts_.bytes += bytes;
  counts_.latency.record(latency);
}

void Meter::failure(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (counts_.failures++ == 0) counts_.first_failure = why;
}

Counts Meter::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(counts_, Counts{});
}

}  // namespace sluice::app
