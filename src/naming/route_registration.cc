// RouteTables: what brokers change.
#include <mutex>

#include <fmt/format.h>

#include "naming/route_tables.h"

namespace sluice::naming {
namespace {

QueueData queue_data(std::string_view broker_name, const TopicEntry& topic, std::int32_t perm) {
  return {.broker_name = std::string(broker_name),
          .read_queues = topic.read_queues,
          .write_queues = topic.write_queues,
          .perm = perm,
          .sys_flag = topic.sys_flag};
}

bool has_master(const BrokerData& broker) { return broker.addresses.contains(kMasterId); }

}  // namespace

RouteTables::RouteTables(RouteRules rules) : rules_(rules) {}

bool RouteTables::outranked(const BrokerRegistration& registration) const {
  const auto broker = brokers_.find(registration.broker_name);
  if (broker == brokers_.end()) return false;
  const auto holder = broker->second.addresses.find(registration.broker_id);
  if (holder == broker->second.addresses.end() || holder->second == registration.address) {
    return false;
  }
  const auto live = live_.find(LiveKey{registration.cluster, holder->second});
  return live != live_.end() &&
         live->second.version.state_version > registration.version.state_version;
}

bool RouteTables::topics_changed(const BrokerRegistration& registration) const {
  const auto live = live_.find(LiveKey{registration.cluster, registration.address});
  return live == live_.end() || live->second.version != registration.version;
}

Result<RegistrationReply> RouteTables::register_broker(const BrokerRegistration& registration,
                                                       SteadyTime now) {
  std::unique_lock lock(mutex_);
  const LiveKey key{registration.cluster, registration.address};
  if (outranked(registration)) {
    drop(key, registration.broker_name);  // under its other id too: it would never expire there
    return RegistrationReply{.accepted = false};
  }
  const auto known = brokers_.find(registration.broker_name);
  const bool first =
      known == brokers_.end() || !known->second.addresses.contains(registration.broker_id);
  if (first && registration.topics.size() == 1) {
    return fail(Errc::malformed,
                fmt::format("register broker failed: {} with id {} is not registered, and a single "
                            "topic cannot be its first registration; send the whole topic table",
                            registration.broker_name, registration.broker_id));
  }

  leave_former_place(key, registration.broker_name);
  clusters_[registration.cluster].insert(registration.broker_name);
  BrokerData& broker = brokers_[registration.broker_name];
  broker.cluster = registration.cluster;
  broker.broker_name = registration.broker_name;
  broker.enable_acting_master = registration.enable_acting_master.value_or(false);
  broker.zone = registration.zone;
  std::erase_if(broker.addresses, [&](const auto& entry) {
    return entry.second == registration.address && entry.first != registration.broker_id;
  });
  broker.addresses[registration.broker_id] = registration.address;
  take_topics(registration, broker, first || topics_changed(registration));

  live_[key] = {.broker_name = registration.broker_name,
                .last = now,
                .timeout = registration.heartbeat_timeout.value_or(kHeartbeatTimeout),
                .version = registration.version,
                .connection = registration.connection,
                .ha_address = registration.ha_address};
  RegistrationReply reply;
  if (registration.broker_id != kMasterId) fill_master(broker, reply);
  return reply;
}

void RouteTables::leave_former_place(const LiveKey& key, std::string_view broker_name) {
  if (const auto live = live_.find(key);
      live != live_.end() && live->second.broker_name != broker_name) {
    drop(key, std::string(live->second.broker_name));  // a copy: drop ends the entry
  }
  const auto broker = brokers_.find(broker_name);
  if (broker == brokers_.end() || broker->second.cluster == key.cluster) return;
  live_.erase(LiveKey{broker->second.cluster, key.address});
  leave_cluster(broker->second);
}

void RouteTables::leave_cluster(const BrokerData& broker) {
  const auto cluster = clusters_.find(broker.cluster);
  if (cluster == clusters_.end()) return;
  cluster->second.erase(broker.broker_name);
  if (cluster->second.empty()) clusters_.erase(cluster);
}

void RouteTables::take_topics(const BrokerRegistration& registration, const BrokerData& broker,
                              bool all) {
  const bool master = registration.broker_id == kMasterId;
  const bool stands_in = !master && registration.enable_acting_master.has_value() &&
                         broker.addresses.begin()->first == registration.broker_id;
  if (!master && !stands_in) return;
  if (rules_.delete_missing_topics) drop_missing_topics(registration);
  const std::int32_t taken_away = stands_in && broker.enable_acting_master ? kPermWrite : 0;
  for (const TopicEntry& topic : registration.topics) {
    QueuesByBroker& queues = topics_[topic.name];
    const auto known = queues.find(registration.broker_name);
    if (!all && known != queues.end()) continue;
    queues.insert_or_assign(registration.broker_name,
                            queue_data(registration.broker_name, topic, topic.perm & ~taken_away));
  }
}

void RouteTables::drop_missing_topics(const BrokerRegistration& registration) {
  std::set<std::string_view> listed;
  for (const TopicEntry& topic : registration.topics) listed.insert(topic.name);
  drop_queues(registration.broker_name,
              [&](std::string_view topic) { return !listed.contains(topic); });
}

void RouteTables::fill_master(const BrokerData& broker, RegistrationReply& reply) const {
  const auto master = broker.addresses.find(kMasterId);
  if (master == broker.addresses.end()) return;
  const auto live = live_.find(LiveKey{broker.cluster, master->second});
  if (live == live_.end()) return;
  reply.master_address = master->second;
  reply.ha_address = live->second.ha_address;
}

void RouteTables::unregister_broker(std::string_view cluster, std::string_view broker_name,
                                    std::int64_t /*broker_id*/, const BrokerAddress& address) {
  std::unique_lock lock(mutex_);
  const LiveKey key{std::string(cluster), address};
  const auto live = live_.find(key);
  if (live != live_.end() && live->second.broker_name == broker_name) drop(key, broker_name);
}

bool RouteTables::heartbeat(std::string_view cluster, const BrokerAddress& address,
                            SteadyTime now) {
  std::unique_lock lock(mutex_);
  const auto live = live_.find(LiveKey{std::string(cluster), address});
  if (live == live_.end()) return false;
  live->second.last = now;
  return true;
}

VersionAnswer RouteTables::query_version(std::string_view cluster, const BrokerAddress& address,
                                         const DataVersion& version, SteadyTime now) {
  std::unique_lock lock(mutex_);
  const auto live = live_.find(LiveKey{std::string(cluster), address});
  if (live == live_.end()) return {};
  live->second.last = now;
  return {.changed = live->second.version != version, .known = live->second.version};
}

std::size_t RouteTables::connection_closed(ConnectionId connection) {
  if (connection == 0) return 0;
  std::unique_lock lock(mutex_);
  std::vector<std::pair<LiveKey, std::string>> gone;
  for (const auto& [key, live] : live_) {
    if (live.connection == connection) gone.emplace_back(key, live.broker_name);
  }
  for (const auto& [key, name] : gone) drop(key, name);
  return gone.size();
}

std::vector<ConnectionId> RouteTables::expire(SteadyTime now) {
  std::unique_lock lock(mutex_);
  std::vector<std::pair<LiveKey, std::string>> gone;
  std::vector<ConnectionId> connections;
  for (const auto& [key, live] : live_) {
    if (now - live.last <= live.timeout) continue;
    gone.emplace_back(key, live.broker_name);
    if (live.connection != 0) connections.push_back(live.connection);
  }
  for (const auto& [key, name] : gone) drop(key, name);
  return connections;
}

void RouteTables::drop(const LiveKey& key, std::string_view broker_name) {
  live_.erase(key);
  const auto found = brokers_.find(broker_name);
  if (found == brokers_.end()) return;
  BrokerData& broker = found->second;
  const auto removed = std::erase_if(
      broker.addresses, [&](const auto& entry) { return entry.second == key.address; });
  if (!broker.addresses.empty()) {
    if (removed > 0 && broker.enable_acting_master && !has_master(broker)) {
      make_read_only(broker_name);
    }
    return;
  }
  leave_cluster(broker);
  drop_queues(broker.broker_name, [](std::string_view) { return true; });
  brokers_.erase(found);
}

void RouteTables::drop_queues(std::string_view broker_name,
                              const std::function<bool(std::string_view)>& topics) {
  for (auto entry = topics_.begin(); entry != topics_.end();) {
    QueuesByBroker& queues = entry->second;
    if (const auto own = queues.find(broker_name); own != queues.end() && topics(entry->first)) {
      queues.erase(own);
    }
    entry = queues.empty() ? topics_.erase(entry) : std::next(entry);
  }
}

void RouteTables::make_read_only(std::string_view broker_name) {
  for (auto& [topic, queues] : topics_) {
    const auto data = queues.find(broker_name);
    if (data != queues.end()) data->second.perm &= ~kPermWrite;
  }
}

}  // namespace sluice::naming
