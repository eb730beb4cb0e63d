#pragma once

// Inside net only: when bytes came.

#include <cstdint>
#include <span>

#include <sys/types.h>
#include <sys/uio.h>

#include "base/clock.h"

namespace sluice::net {

/// When the newest bytes read from a socket had come to this machine, by the kernel's stamp: what a
/// busy reactor has kept waiting shows no other way.
class Arrivals {
 public:
  /// Asks the kernel for stamps; without them age() stays 0.
  void watch(int socket);
  bool watching() const { return watching_; }
  /// As readv().
  ssize_t read(int socket, std::span<const iovec> parts);
  milliseconds age() const;

 private:
  bool watching_ = false;
  std::int64_t newest_ns_ = 0;  // since the Unix epoch; 0: not known
};

}  // namespace sluice::net
