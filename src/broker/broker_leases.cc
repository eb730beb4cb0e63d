#include "broker/broker.h"
#include "broker/lease_snapshot.h"

/// What the façade adds to Leases: their place among the snapshots.
namespace sluice::broker {

Result<void> Broker::load_leases() {
  SLUICE_CHECK(broker::load_leases(store_, disk_, config_folder_ + "/leases", leases_));
  for (const auto& group : leases_.all()) {
    const std::scoped_lock lock(group->mutex);
    const auto topic = topics_.find(group->topic);
    std::erase_if(group->queues, [&](const auto& queue) {
      return !topic || topic->queue(queue.first) == nullptr;
    });
    for (auto& [id, queue] : group->queues) {
      // A power cut may have taken messages that the snapshot knows of: others come in their
      // places.
      const QueueOffset end = topic->queue(id)->index->max();
      if (queue.state.next() > end) {
        queue.state.cut(end);
        queue.reported = queue.state.floor();
      }
      // Progress beyond what was handed out comes from a reset or from members that pull.
      const auto committed = progress_.committed(group->group, group->topic, id);
      if (committed && *committed > queue.state.next()) continue;
      progress_.commit(group->group, group->topic, id, queue.reported);
    }
  }
  // What the log says was looked at as it is now; not again, when it has grown.
  return persist_leases();
}

Result<void> Broker::persist_leases() {
  const std::scoped_lock lock(leases_mutex_);
  const std::uint64_t version = leases_.version();
  if (version == persisted_leases_) return {};
  SLUICE_CHECK(write_leases(store_, disk_, config_folder_ + "/leases", leases_));
  persisted_leases_ = version;
  return {};
}

}  // namespace sluice::broker
