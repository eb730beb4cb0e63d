#pragma once

#include "wire/remoting/requests/topics.h"

/// Requests to a name server. Source: apache/rocketmq remoting/protocol/header/namesrv.
namespace sluice::wire::remoting {

struct PutKv {
  static constexpr std::int32_t kCode = 100;
  static constexpr std::string_view kName = "PUT_KV_CONFIG";
  std::string_view space, key, value;
  using Wire = Fields<Required<"namespace", &PutKv::space>, Required<"key", &PutKv::key>,
                      Required<"value", &PutKv::value>>;
};
struct KvQuery {
  std::string_view space, key;
  using Wire = Fields<Required<"namespace", &KvQuery::space>, Required<"key", &KvQuery::key>>;
};
struct GetKv : KvQuery {
  static constexpr std::int32_t kCode = 101;
  static constexpr std::string_view kName = "GET_KV_CONFIG";
};
struct GetKvResponse {
  std::string_view value;
  using Wire = Fields<Required<"value", &GetKvResponse::value>>;
};
struct DeleteKv : KvQuery {
  static constexpr std::int32_t kCode = 102;
  static constexpr std::string_view kName = "DELETE_KV_CONFIG";
};
struct GetKvList {
  static constexpr std::int32_t kCode = 219;
  static constexpr std::string_view kName = "GET_KVLIST_BY_NAMESPACE";
  std::string_view space;
  using Wire = Fields<Required<"namespace", &GetKvList::space>>;
};

/// What names a broker process.
struct BrokerQuery {
  std::string_view broker_name, address, cluster;
  std::int64_t broker_id = 0;
  using Wire = Fields<Required<"brokerName", &BrokerQuery::broker_name>,
                      Required<"brokerAddr", &BrokerQuery::address>,
                      Required<"clusterName", &BrokerQuery::cluster>,
                      Required<"brokerId", &BrokerQuery::broker_id>>;
};
struct RegisterBroker : BrokerQuery {
  static constexpr std::int32_t kCode = 103;
  static constexpr std::string_view kName = "REGISTER_BROKER";
  std::string_view ha_address;
  /// Without it, the name server's own. Apache's takes 0 for no time at all.
  std::optional<std::int64_t> heartbeat_timeout_ms;
  bool acting_master = false;
  bool compressed = false;
  std::uint32_t body_crc = 0;  ///< 0: not checked
  std::string_view zone;
  using Wire = Fields<Required<"brokerName", &BrokerQuery::broker_name>,
                      Required<"brokerAddr", &BrokerQuery::address>,
                      Required<"clusterName", &BrokerQuery::cluster>,
                      Required<"haServerAddr", &RegisterBroker::ha_address>,
                      Required<"brokerId", &BrokerQuery::broker_id>,
                      Optional<"heartbeatTimeoutMillis", &RegisterBroker::heartbeat_timeout_ms>,
                      Optional<"enableActingMaster", &RegisterBroker::acting_master>,
                      Optional<"compressed", &RegisterBroker::compressed>,
                      Optional<"bodyCrc32", &RegisterBroker::body_crc>,
                      Optional<"__ZONE_NAME", &RegisterBroker::zone>>;
};
struct RegisterBrokerResponse {
  std::string_view ha_address, master_address;
  using Wire = Fields<Optional<"haServerAddr", &RegisterBrokerResponse::ha_address>,
                      Optional<"masterAddr", &RegisterBrokerResponse::master_address>>;
};
struct UnregisterBroker : BrokerQuery {
  static constexpr std::int32_t kCode = 104;
  static constexpr std::string_view kName = "UNREGISTER_BROKER";
};
struct QueryDataVersion : BrokerQuery {
  static constexpr std::int32_t kCode = 322;
  static constexpr std::string_view kName = "QUERY_DATA_VERSION";
};
struct QueryDataVersionResponse {
  bool changed = true;
  using Wire = Fields<Required<"changed", &QueryDataVersionResponse::changed>>;
};
struct BrokerHeartbeat {
  static constexpr std::int32_t kCode = 904;
  static constexpr std::string_view kName = "BROKER_HEARTBEAT";
  std::string_view cluster, address, broker_name;
  using Wire = Fields<Required<"clusterName", &BrokerHeartbeat::cluster>,
                      Required<"brokerAddr", &BrokerHeartbeat::address>,
                      Required<"brokerName", &BrokerHeartbeat::broker_name>>;
};

struct GetRoute : TopicQuery {
  static constexpr std::int32_t kCode = 105;
  static constexpr std::string_view kName = "GET_ROUTEINFO_BY_TOPIC";
  bool standard_json = false;
  using Wire = Fields<Required<"topic", &TopicQuery::topic>,
                      Optional<"acceptStandardJsonOnly", &GetRoute::standard_json>>;
};
struct GetClusterInfo : NoFields {
  static constexpr std::int32_t kCode = 106;
  static constexpr std::string_view kName = "GET_BROKER_CLUSTER_INFO";
};

struct BrokerNameQuery {
  std::string_view broker_name;
  using Wire = Fields<Required<"brokerName", &BrokerNameQuery::broker_name>>;
};
struct WipeWritePerm : BrokerNameQuery {
  static constexpr std::int32_t kCode = 205;
  static constexpr std::string_view kName = "WIPE_WRITE_PERM_OF_BROKER";
};
struct WipeWritePermResponse {
  std::int32_t topics = 0;
  using Wire = Fields<Required<"wipeTopicCount", &WipeWritePermResponse::topics>>;
};
struct AddWritePerm : BrokerNameQuery {
  static constexpr std::int32_t kCode = 327;
  static constexpr std::string_view kName = "ADD_WRITE_PERM_OF_BROKER";
};
struct AddWritePermResponse {
  std::int32_t topics = 0;
  using Wire = Fields<Required<"addTopicCount", &AddWritePermResponse::topics>>;
};

struct GetAllTopicsFromNames : NoFields {
  static constexpr std::int32_t kCode = 206;
  static constexpr std::string_view kName = "GET_ALL_TOPIC_LIST_FROM_NAMESERVER";
};
struct DeleteTopicInNames : TopicQuery {
  static constexpr std::int32_t kCode = 216;
  static constexpr std::string_view kName = "DELETE_TOPIC_IN_NAMESRV";
  std::string_view cluster;
  using Wire = Fields<Required<"topic", &TopicQuery::topic>,
                      Optional<"clusterName", &DeleteTopicInNames::cluster>>;
};
struct RegisterTopic : TopicQuery {
  static constexpr std::int32_t kCode = 217;
  static constexpr std::string_view kName = "REGISTER_TOPIC_IN_NAMESRV";
};
struct GetTopicsByCluster {
  static constexpr std::int32_t kCode = 224;
  static constexpr std::string_view kName = "GET_TOPICS_BY_CLUSTER";
  std::string_view cluster;
  using Wire = Fields<Required<"cluster", &GetTopicsByCluster::cluster>>;
};
struct GetSystemTopicsFromNames : NoFields {
  static constexpr std::int32_t kCode = 304;
  static constexpr std::string_view kName = "GET_SYSTEM_TOPIC_LIST_FROM_NS";
};
struct GetUnitTopics : NoFields {
  static constexpr std::int32_t kCode = 311;
  static constexpr std::string_view kName = "GET_UNIT_TOPIC_LIST";
};
struct GetUnitSubTopics : NoFields {
  static constexpr std::int32_t kCode = 312;
  static constexpr std::string_view kName = "GET_HAS_UNIT_SUB_TOPIC_LIST";
};
struct GetUnitSubUnunitTopics : NoFields {
  static constexpr std::int32_t kCode = 313;
  static constexpr std::string_view kName = "GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST";
};
struct GetNamesrvConfig : NoFields {
  static constexpr std::int32_t kCode = 319;
  static constexpr std::string_view kName = "GET_NAMESRV_CONFIG";
};
struct GetBrokerMembers {
  static constexpr std::int32_t kCode = 901;
  static constexpr std::string_view kName = "GET_BROKER_MEMBER_GROUP";
  std::string_view cluster, broker_name;
  using Wire = Fields<Required<"clusterName", &GetBrokerMembers::cluster>,
                      Required<"brokerName", &GetBrokerMembers::broker_name>>;
};

}  // namespace sluice::wire::remoting
