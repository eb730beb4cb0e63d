#pragma once

#include <map>
#include <string>

#include "base/clock.h"

namespace sluice::client {

/// Which brokers are better left alone for a while, learnt from how long sends took. The steps are
/// those of RocketMQ's clients (client/latency/MQFaultStrategy.java). Pure.
class FaultTable {
 public:
  /// A send took `latency`; one that failed counts as kFailure.
  void note(const std::string& broker, milliseconds latency, SteadyTime now);
  bool available(const std::string& broker, SteadyTime now) const;

  static constexpr milliseconds kFailure{10'000};

 private:
  std::map<std::string, SteadyTime, std::less<>> avoid_until_;
};

}  // namespace sluice::client
