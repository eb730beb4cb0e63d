#include "client/producing/queue_picker.h"

#include <cstdlib>

#include "base/java_hash.h"

namespace sluice::client {

const WritableQueue& QueuePicker::next(std::span<const WritableQueue> queues,
                                       const std::string& failed, const FaultTable* faults,
                                       SteadyTime now) {
  const WritableQueue* other = nullptr;
  for (std::size_t i = 0; i < queues.size(); ++i) {
    const WritableQueue& one = queues[++turn_ % queues.size()];
    if (one.queue.broker == failed) continue;
    if (faults == nullptr || faults->available(one.queue.broker, now)) return one;
    if (other == nullptr) other = &one;
  }
  return other != nullptr ? *other : queues[++turn_ % queues.size()];
}

std::size_t index_of_key(std::string_view sharding_key, std::size_t queues) {
  const std::int64_t hash = java_hash(sharding_key);
  return static_cast<std::size_t>(std::abs(hash % static_cast<std::int64_t>(queues)));
}

}  // namespace sluice::client
