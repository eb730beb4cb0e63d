#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

/// What brokers tell a name server and what clients are told by it. Plain values; the doors turn
/// them into the JSON of RocketMQ's bodies.
namespace sluice::naming {

inline constexpr std::int64_t kMasterId = 0;
inline constexpr std::int32_t kPermWrite = 2, kPermRead = 4;

/// Bits of a topic's system flag.
inline constexpr std::int32_t kUnitFlag = 1, kUnitSubFlag = 2;

/// Where a broker is reached. Remote brokers say it themselves, as text. A broker inside the name
/// server's own process may give only its port: every client is then told the very address under
/// which it reached the name server, which works on any network without configuration.
class BrokerAddress {
 public:
  BrokerAddress() = default;
  /// "host:port", kept as the broker wrote it.
  static BrokerAddress fixed(std::string text) { return BrokerAddress(std::move(text), 0); }
  /// The host on which the asking connection arrived, with this port.
  static BrokerAddress same_host(std::uint16_t port) { return BrokerAddress({}, port); }

  bool is_same_host() const { return text_.empty() && port_ != 0; }
  bool empty() const { return text_.empty() && port_ == 0; }
  /// "host:port" for a client whose connection ends here at `local_host` (an IP without port).
  std::string seen_from(std::string_view local_host) const;

  friend auto operator<=>(const BrokerAddress&, const BrokerAddress&) = default;

 private:
  BrokerAddress(std::string text, std::uint16_t port) : text_(std::move(text)), port_(port) {}
  std::string text_;
  std::uint16_t port_ = 0;
};

/// The version of a broker's topic table. Versions are only compared for being equal, except
/// state_version: it grows with every change of the master.
struct DataVersion {
  std::int64_t state_version = 0;
  std::int64_t timestamp = 0;  ///< ms since the epoch
  std::int64_t counter = 0;
  friend bool operator==(const DataVersion&, const DataVersion&) = default;
};

/// A topic as its broker announces it.
struct TopicEntry {
  std::string name;
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t perm = 0;
  std::int32_t sys_flag = 0;
};

/// Identifies the connection a registration came on; 0: none (a broker in this process).
using ConnectionId = std::uint64_t;

/// A broker's announcement (REGISTER_BROKER).
struct BrokerRegistration {
  std::string cluster;
  std::string broker_name;
  std::int64_t broker_id = kMasterId;
  BrokerAddress address;
  BrokerAddress ha_address;  ///< where replicas connect; may be empty
  std::string zone;          ///< may be empty
  /// Nothing: a broker older than 5.0, whose replicas never stand in for the master.
  std::optional<bool> enable_acting_master;
  /// Nothing: 120 s.
  std::optional<milliseconds> heartbeat_timeout;
  DataVersion version;
  std::vector<TopicEntry> topics;
  ConnectionId connection = 0;
};

/// What the broker learns in return.
struct RegistrationReply {
  /// False: ignored, because a newer master holds the same id.
  bool accepted = true;
  /// For replicas, of the live master; empty otherwise.
  BrokerAddress master_address;
  BrokerAddress ha_address;
  /// KV namespace ORDER_TOPIC_CONFIG.
  std::map<std::string, std::string> order_topics;
};

struct QueueData {
  std::string broker_name;
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t perm = 0;
  std::int32_t sys_flag = 0;
  friend bool operator==(const QueueData&, const QueueData&) = default;
};

struct BrokerData {
  std::string cluster;
  std::string broker_name;
  std::map<std::int64_t, BrokerAddress> addresses;  ///< by broker id
  std::string zone;
  bool enable_acting_master = false;
};

/// Everything a client needs to reach a topic; both lists are sorted by broker name.
struct TopicRoute {
  std::vector<QueueData> queues;
  std::vector<BrokerData> brokers;
  std::optional<std::string> order_conf;  ///< "broker-a:2;broker-b:2"
};

struct ClusterInfo {
  std::map<std::string, BrokerData> brokers;              ///< by broker name
  std::map<std::string, std::set<std::string>> clusters;  ///< broker names by cluster
};

/// Names, sorted; and for the system topic list one broker's address, which tools ask next.
struct TopicList {
  std::vector<std::string> topics;
  BrokerAddress broker_address;
};

/// The answer to QUERY_DATA_VERSION: whether the broker must register again.
struct VersionAnswer {
  bool changed = true;
  std::optional<DataVersion> known;  ///< nothing: the broker is not registered
};

}  // namespace sluice::naming
