#pragma once

#include <map>

#include "wire/remoting/bodies/common.h"

/// Bodies of a name server: routes, cluster information, topic lists.
namespace sluice::wire::remoting {

struct QueueData {
  std::string broker_name;
  std::int32_t read_queues = 0, write_queues = 0;
  std::int32_t perm = 0;
  std::int32_t topic_sys_flag = 0;
};

struct BrokerData {
  std::string cluster;
  std::string broker_name;
  std::map<std::int64_t, std::string> addresses;  ///< broker id → `host:port`
  std::string zone;
  bool acting_master = false;
};

/// Whether map keys that are numbers are quoted: clients up to 4.9.3 read and some split the text
/// without.
enum class NumberKeys : std::uint8_t { bare, quoted };

/// Where a topic's queues are. Source: remoting/protocol/route/TopicRouteData.java.
struct TopicRoute {
  std::string order_conf;  ///< left out when empty
  std::vector<QueueData> queues;
  std::vector<BrokerData> brokers;

  void encode(Buffer& out, NumberKeys keys) const;
  static Result<TopicRoute> decode(Bytes body);
};

/// Source: remoting/protocol/body/ClusterInfo.java.
struct ClusterInfo {
  std::vector<BrokerData> brokers;
  std::map<std::string, std::vector<std::string>> clusters;  ///< cluster → broker names

  void encode(Buffer& out) const;
  static Result<ClusterInfo> decode(Bytes body);
};

/// Source: remoting/protocol/body/GetBrokerMemberGroupResponseBody.java.
void encode_broker_members(Buffer& out, const BrokerData& broker);

/// `{"topicList":[…],"brokerAddr":…}`
struct TopicList {
  std::vector<std::string> topics;
  std::string broker_address;  ///< left out when empty
  void encode(Buffer& out) const;
  static Result<TopicList> decode(Bytes body);
};

/// `{"table":{key:value}}`
void encode_kv_table(Buffer& out, const std::map<std::string, std::string>& table);

}  // namespace sluice::wire::remoting
