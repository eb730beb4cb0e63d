#pragma once

#include <functional>
#include <shared_mutex>
#include <unordered_map>

#include "base/result.h"
#include "naming/values.h"

namespace sluice::naming {

/// A broker that says nothing for this long is dropped, unless it asked for another time.
inline constexpr milliseconds kHeartbeatTimeout{120'000};
/// How often expire() should be called.
inline constexpr milliseconds kExpiryPeriod{5'000};

struct RouteRules {
  /// deleteTopicWithBrokerRegistration: topics that a master no longer lists lose its queues.
  bool delete_missing_topics = false;
  /// supportActingMaster: a master-less broker's smallest replica is shown as its master.
  bool acting_master = false;
};

/// The name server's tables: which brokers live, which topics they have. The rules are those of
/// apache/rocketmq namesrv/routeinfo/RouteInfoManager.java; a query always sees the newest state,
/// nothing is cached. Thread-safe; one readers-writer lock, held for lookups and copies only.
class RouteTables {
 public:
  explicit RouteTables(RouteRules rules = {});

  /// Enters or refreshes a broker.
  /// - An address that was known under another id moves to the new one (a replica became master).
  /// - An address that comes with another broker name, or a name that comes with another cluster,
  ///   leaves the former one.
  /// - An id held by another address whose state version is larger stays: not accepted, and
  ///   the refused address is forgotten under any other id.
  /// - An unknown (name, id) that lists exactly one topic is refused (malformed): brokers send
  ///   single topics as updates, and an update must not be the first contact.
  /// - Topics are taken from masters, and from the smallest replica when no master lives; such a
  ///   replica's topics are read-only if enable_acting_master.
  Result<RegistrationReply> register_broker(const BrokerRegistration& registration, SteadyTime now);

  /// Forgets a broker; unknown ones are ignored. The last address of a name takes the name's queues
  /// with it.
  void unregister_broker(std::string_view cluster, std::string_view broker_name,
                         std::int64_t broker_id, const BrokerAddress& address);

  /// A sign of life without topics. False: not registered.
  bool heartbeat(std::string_view cluster, const BrokerAddress& address, SteadyTime now);

  /// Also a sign of life.
  VersionAnswer query_version(std::string_view cluster, const BrokerAddress& address,
                              const DataVersion& version, SteadyTime now);

  /// Drops the brokers registered through this connection. Returns how many.
  std::size_t connection_closed(ConnectionId connection);
  /// Drops brokers that were silent too long; returns their connections, for the door to close.
  std::vector<ConnectionId> expire(SteadyTime now);

  /// With `zone`: brokers of other zones are left out, except those without a master.
  /// Errors: topic_not_found, when no live broker has it.
  Result<TopicRoute> route(std::string_view topic, std::string_view zone = {}) const;

  ClusterInfo cluster_info() const;
  TopicList topics() const;
  TopicList topics_of_cluster(std::string_view cluster) const;
  /// Cluster and broker names: topics of these names exist on every broker.
  TopicList system_topics() const;
  TopicList unit_topics() const;                   ///< kUnitFlag
  TopicList unit_sub_topics() const;               ///< kUnitSubFlag
  TopicList unit_sub_without_unit_topics() const;  ///< kUnitSubFlag only
  /// The addresses of one broker name by id; no addresses when unknown.
  BrokerData member_group(std::string_view cluster, std::string_view broker_name) const;

  /// Takes away or gives the write permission of all topics of a broker, until its next changed
  /// registration. Returns the number of topics.
  std::size_t wipe_write_perm(std::string_view broker_name);
  std::size_t add_write_perm(std::string_view broker_name);

  /// Without cluster: everywhere. Brokers that keep the topic bring it back with their next changed
  /// registration.
  void remove_topic(std::string_view topic, std::string_view cluster = {});
  /// Adds queue data to a topic. Errors: not_found, when a broker of the list is not registered;
  /// then nothing is changed.
  Result<void> register_topic(std::string_view topic, const std::vector<QueueData>& queues);

 private:
  struct Live {
    std::string broker_name;
    SteadyTime last;
    milliseconds timeout;
    DataVersion version;
    ConnectionId connection;
    BrokerAddress ha_address;
  };
  struct LiveKey {
    std::string cluster;
    BrokerAddress address;
    friend auto operator<=>(const LiveKey&, const LiveKey&) = default;
  };
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using QueuesByBroker = std::map<std::string, QueueData, std::less<>>;

  // All need the lock.
  bool outranked(const BrokerRegistration& registration) const;
  bool topics_changed(const BrokerRegistration& registration) const;
  void take_topics(const BrokerRegistration& registration, const BrokerData& broker, bool all);
  void drop_missing_topics(const BrokerRegistration& registration);
  void fill_master(const BrokerData& broker, RegistrationReply& reply) const;
  void leave_former_place(const LiveKey& key, std::string_view broker_name);
  void leave_cluster(const BrokerData& broker);
  void drop(const LiveKey& key, std::string_view broker_name);
  void drop_queues(std::string_view broker_name,
                   const std::function<bool(std::string_view)>& topics);
  void make_read_only(std::string_view broker_name);
  void show_acting_masters(TopicRoute& route) const;
  TopicList topics_where(const std::function<bool(const QueuesByBroker&)>& wanted) const;
  template <class Change>
  std::size_t change_perms(std::string_view broker_name, Change change);

  const RouteRules rules_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, QueuesByBroker, StringHash, std::equal_to<>> topics_;
  std::map<std::string, BrokerData, std::less<>> brokers_;
  std::map<std::string, std::set<std::string>, std::less<>> clusters_;
  std::map<LiveKey, Live> live_;
};

}  // namespace sluice::naming
