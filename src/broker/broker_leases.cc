#include "broker/broker.h"
#include "broker/lease_snapshot.h"

/// What the façade adds to Leases: their place among the snapshots.
namespace sluice::broker {

Result<void> Broker::load_leases() {
  SLUICE_CHECK(broker::load_leases(store_, disk_, config_folder_ + "/leases", leases_));
  for (const auto& group : leases_.all()) {
    const std::scoped_lock lock(group->mutex);
    for (auto& [id, queue] : group->queues) {
      // Progress beyond what was handed out comes from a reset or from members that pull.
      const auto committed = progress_.committed(group->group, group->topic, id);
      if (committed && *committed > queue.state.next()) continue;
      progress_.commit(group->group, group->topic, id, queue.reported);
    }
  }
  return {};
}

Result<void> Broker::persist_leases() {
  const std::uint64_t version = leases_.version();
  if (version == persisted_leases_) return {};
  SLUICE_CHECK(write_leases(store_, disk_, config_folder_ + "/leases", leases_));
  persisted_leases_ = version;
  return {};
}

}  // namespace sluice::broker
