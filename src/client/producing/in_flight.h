#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "base/clock.h"
#include "base/result.h"

/// Back-pressure of a producer.
namespace sluice::client {

enum class WhenFull : std::uint8_t { fail, wait };

/// Counts the bytes that are under way, and bounds them. Any thread.
class InFlight {
 public:
  explicit InFlight(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Errors: busy, when they do not fit, with `wait` not within `timeout` either. What is larger
  /// than the whole limit goes alone.
  Result<void> enter(std::size_t bytes, WhenFull when_full, milliseconds timeout);
  void leave(std::size_t bytes);
  std::size_t bytes() const;

 private:
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::client
