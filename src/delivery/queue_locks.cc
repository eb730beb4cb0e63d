#include "delivery/queue_locks.h"

namespace sluice::delivery {

std::vector<QueueLocks::QueueName> QueueLocks::lock(std::string_view group,
                                                    std::string_view client_id,
                                                    const std::vector<QueueName>& wanted,
                                                    SteadyTime now) {
  std::vector<QueueName> held;
  std::lock_guard guard(mutex_);
  auto in_group = groups_.find(group);
  if (in_group == groups_.end()) in_group = groups_.try_emplace(std::string(group)).first;
  for (const QueueName& name : wanted) {
    auto [place, fresh] = in_group->second.try_emplace(name);
    Lease& lease = place->second;
    if (!fresh && lease.client_id != client_id && lease.until > now) continue;
    lease = {std::string(client_id), now + kLease};
    held.push_back(name);
  }
  return held;
}

void QueueLocks::unlock(std::string_view group, std::string_view client_id,
                        const std::vector<QueueName>& queues) {
  std::lock_guard guard(mutex_);
  const auto in_group = groups_.find(group);
  if (in_group == groups_.end()) return;
  for (const QueueName& name : queues) {
    const auto lease = in_group->second.find(name);
    if (lease != in_group->second.end() && lease->second.client_id == client_id) {
      in_group->second.erase(lease);
    }
  }
  if (in_group->second.empty()) groups_.erase(in_group);
}

bool QueueLocks::any(std::string_view group, SteadyTime now) const {
  std::lock_guard guard(mutex_);
  const auto in_group = groups_.find(group);
  if (in_group == groups_.end()) return false;
  for (const auto& [name, lease] : in_group->second) {
    if (lease.until > now) return true;
  }
  return false;
}

void QueueLocks::expire(SteadyTime now) {
  std::lock_guard guard(mutex_);
  for (auto& [group, leases] : groups_) {
    std::erase_if(leases, [now](const auto& entry) { return entry.second.until <= now; });
  }
  std::erase_if(groups_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace sluice::delivery
