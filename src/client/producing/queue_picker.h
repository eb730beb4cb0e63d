#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "client/engine/route_view.h"
#include "client/producing/fault_table.h"

namespace sluice::client {

/// Queues in turn. Pure.
class QueuePicker {
 public:
  /// `seed` decides where the turn begins, so that producers do not all begin at one queue.
  explicit QueuePicker(std::uint32_t seed) : turn_(seed) {}

  /// The next queue on a broker that is available and is not `failed` (the one the last attempt
  /// went to); or else any that is not `failed`, or else the next. `faults` may be null. `queues`
  /// must not be empty.
  const WritableQueue& next(std::span<const WritableQueue> queues, const std::string& failed,
                            const FaultTable* faults, SteadyTime now);

 private:
  std::uint32_t turn_;
};

/// Where messages of a sharding key go: the same queue as Java's SelectMessageQueueByHash.
std::size_t index_of_key(std::string_view sharding_key, std::size_t queues);

}  // namespace sluice::client
