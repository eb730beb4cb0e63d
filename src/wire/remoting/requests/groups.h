#pragma once

#include "wire/remoting/fields.h"

/// Requests about groups and their members. Source: apache/rocketmq remoting/protocol/header.
namespace sluice::wire::remoting {

struct NoFields {
  using Wire = Fields<>;
};

struct HeartBeat : NoFields {
  static constexpr std::int32_t kCode = 34;
  static constexpr std::string_view kName = "HEART_BEAT";
};
struct HeartBeatResponse {
  bool v2 = true;  ///< a heartbeat may leave out subscriptions that have not changed
  bool changed = false;
  using Wire = Fields<Required<"IS_SUPPORT_HEART_BEAT_V2", &HeartBeatResponse::v2>,
                      Required<"IS_SUB_CHANGE", &HeartBeatResponse::changed>>;
};

struct UnregisterClient {
  static constexpr std::int32_t kCode = 35;
  static constexpr std::string_view kName = "UNREGISTER_CLIENT";
  std::string_view client_id, producer_group, consumer_group;
  using Wire = Fields<Required<"clientID", &UnregisterClient::client_id>,
                      Optional<"producerGroup", &UnregisterClient::producer_group>,
                      Optional<"consumerGroup", &UnregisterClient::consumer_group>>;
};

/// What names a consumer group and nothing else.
struct ConsumerGroupQuery {
  std::string_view group;
  using Wire = Fields<Required<"consumerGroup", &ConsumerGroupQuery::group>>;
};
struct GetConsumerList : ConsumerGroupQuery {
  static constexpr std::int32_t kCode = 38;
  static constexpr std::string_view kName = "GET_CONSUMER_LIST_BY_GROUP";
};
/// Broker to client, one-way.
struct NotifyConsumersChanged : ConsumerGroupQuery {
  static constexpr std::int32_t kCode = 40;
  static constexpr std::string_view kName = "NOTIFY_CONSUMER_IDS_CHANGED";
};
struct GetConsumerConnections : ConsumerGroupQuery {
  static constexpr std::int32_t kCode = 203;
  static constexpr std::string_view kName = "GET_CONSUMER_CONNECTION_LIST";
};
struct GetProducerConnections {
  static constexpr std::int32_t kCode = 204;
  static constexpr std::string_view kName = "GET_PRODUCER_CONNECTION_LIST";
  std::string_view group;
  using Wire = Fields<Required<"producerGroup", &GetProducerConnections::group>>;
};

struct LockQueues : NoFields {
  static constexpr std::int32_t kCode = 41;
  static constexpr std::string_view kName = "LOCK_BATCH_MQ";
};
struct UnlockQueues : NoFields {
  static constexpr std::int32_t kCode = 42;
  static constexpr std::string_view kName = "UNLOCK_BATCH_MQ";
};
struct CheckClientConfig : NoFields {
  static constexpr std::int32_t kCode = 46;
  static constexpr std::string_view kName = "CHECK_CLIENT_CONFIG";
};

struct PutGroup : NoFields {
  static constexpr std::int32_t kCode = 200;
  static constexpr std::string_view kName = "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP";
};
struct PutGroups : NoFields {
  static constexpr std::int32_t kCode = 225;
  static constexpr std::string_view kName = "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST";
};
struct GetAllGroups : NoFields {
  static constexpr std::int32_t kCode = 201;
  static constexpr std::string_view kName = "GET_ALL_SUBSCRIPTIONGROUP_CONFIG";
};
struct DeleteGroup {
  static constexpr std::int32_t kCode = 207;
  static constexpr std::string_view kName = "DELETE_SUBSCRIPTIONGROUP";
  std::string_view group;
  bool clean_offset = false;
  using Wire = Fields<Required<"groupName", &DeleteGroup::group>,
                      Optional<"cleanOffset", &DeleteGroup::clean_offset>>;
};
struct GetConsumeStats {
  static constexpr std::int32_t kCode = 208;
  static constexpr std::string_view kName = "GET_CONSUME_STATS";
  std::string_view group;
  std::string_view topic;   ///< empty: all of the group's
  std::string_view topics;  ///< `;`-separated
  using Wire = Fields<Required<"consumerGroup", &GetConsumeStats::group>,
                      Optional<"topic", &GetConsumeStats::topic>,
                      Optional<"topicList", &GetConsumeStats::topics>>;
};
struct GetRunningInfo {
  static constexpr std::int32_t kCode = 307;
  static constexpr std::string_view kName = "GET_CONSUMER_RUNNING_INFO";
  std::string_view group, client_id;
  bool jstack = false;
  using Wire = Fields<Required<"consumerGroup", &GetRunningInfo::group>,
                      Required<"clientId", &GetRunningInfo::client_id>,
                      Optional<"jstackEnable", &GetRunningInfo::jstack>>;
};

/// What names a group by that word.
struct GroupQuery {
  std::string_view group;
  using Wire = Fields<Required<"group", &GroupQuery::group>>;
};
struct QueryTopicsByConsumer : GroupQuery {
  static constexpr std::int32_t kCode = 343;
  static constexpr std::string_view kName = "QUERY_TOPICS_BY_CONSUMER";
};
struct GroupForbidden {
  static constexpr std::int32_t kCode = 353;
  static constexpr std::string_view kName = "UPDATE_AND_GET_GROUP_FORBIDDEN";
  std::string_view group, topic;
  std::optional<bool> readable;  ///< absent: it is only asked
  using Wire =
      Fields<Required<"group", &GroupForbidden::group>, Required<"topic", &GroupForbidden::topic>,
             Optional<"readable", &GroupForbidden::readable>>;
};
struct GetGroup : GroupQuery {
  static constexpr std::int32_t kCode = 352;
  static constexpr std::string_view kName = "GET_SUBSCRIPTIONGROUP_CONFIG";
};
struct QuerySubscription {
  static constexpr std::int32_t kCode = 345;
  static constexpr std::string_view kName = "QUERY_SUBSCRIPTION_BY_CONSUMER";
  std::string_view group, topic;
  using Wire = Fields<Required<"group", &QuerySubscription::group>,
                      Optional<"topic", &QuerySubscription::topic>>;
};

}  // namespace sluice::wire::remoting
