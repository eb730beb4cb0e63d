#include "client/producing/in_flight.h"

#include <fmt/format.h>

namespace sluice::client {

Result<void> InFlight::enter(std::size_t bytes, WhenFull when_full, milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto fits = [&] { return bytes_ == 0 || bytes_ + bytes <= bytes_max_; };
  if (!fits() && (when_full == WhenFull::fail || !room_.wait_for(lock, timeout, fits))) {
    return fail(Errc::busy,
                fmt::format("{} bytes are under way, max_bytes_in_flight is {}: go on when sends "
                            "have completed",
                            bytes_, bytes_max_));
  }
  bytes_ += bytes;
  return {};
}

void InFlight::leave(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ -= bytes;
  room_.notify_all();
}

std::size_t InFlight::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace sluice::client
