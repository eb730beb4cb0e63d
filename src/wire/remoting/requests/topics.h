#pragma once

#include "wire/remoting/requests/groups.h"

/// Requests about topics and the broker itself. Source: apache/rocketmq remoting/protocol/header.
namespace sluice::wire::remoting {

struct PutTopic {
  static constexpr std::int32_t kCode = 17;
  static constexpr std::string_view kName = "UPDATE_AND_CREATE_TOPIC";
  std::string_view topic;
  std::string_view default_topic = "TBW102";
  std::int32_t read_queues = 8, write_queues = 8;
  std::int32_t perm = 6;
  std::string_view filter_type = "SINGLE_TAG";
  std::int32_t sys_flag = 0;
  bool order = false;
  std::string_view attributes;  ///< `+key=value,-key`

  using Wire =
      Fields<Required<"topic", &PutTopic::topic>,
             Optional<"defaultTopic", &PutTopic::default_topic>,
             Required<"readQueueNums", &PutTopic::read_queues>,
             Required<"writeQueueNums", &PutTopic::write_queues>, Required<"perm", &PutTopic::perm>,
             Optional<"topicFilterType", &PutTopic::filter_type>,
             Optional<"topicSysFlag", &PutTopic::sys_flag>, Optional<"order", &PutTopic::order>,
             Optional<"attributes", &PutTopic::attributes>>;
};

/// What names a topic and nothing else.
struct TopicQuery {
  std::string_view topic;
  using Wire = Fields<Required<"topic", &TopicQuery::topic>>;
};
struct GetTopicStats : TopicQuery {
  static constexpr std::int32_t kCode = 202;
  static constexpr std::string_view kName = "GET_TOPIC_STATS_INFO";
};
struct DeleteTopic : TopicQuery {
  static constexpr std::int32_t kCode = 215;
  static constexpr std::string_view kName = "DELETE_TOPIC_IN_BROKER";
};
struct QueryTopicConsumers : TopicQuery {
  static constexpr std::int32_t kCode = 300;
  static constexpr std::string_view kName = "QUERY_TOPIC_CONSUME_BY_WHO";
};
struct GetTopicConfig : TopicQuery {
  static constexpr std::int32_t kCode = 351;
  static constexpr std::string_view kName = "GET_TOPIC_CONFIG";
};

struct PutTopics : NoFields {
  static constexpr std::int32_t kCode = 18;
  static constexpr std::string_view kName = "UPDATE_AND_CREATE_TOPIC_LIST";
};
struct GetAllTopics : NoFields {
  static constexpr std::int32_t kCode = 21;
  static constexpr std::string_view kName = "GET_ALL_TOPIC_CONFIG";
};
struct UpdateBrokerConfig : NoFields {
  static constexpr std::int32_t kCode = 25;
  static constexpr std::string_view kName = "UPDATE_BROKER_CONFIG";
};
struct GetBrokerConfig : NoFields {
  static constexpr std::int32_t kCode = 26;
  static constexpr std::string_view kName = "GET_BROKER_CONFIG";
};
struct GetBrokerConfigResponse {
  std::string_view version;  ///< a DataVersion as JSON
  using Wire = Fields<Required<"version", &GetBrokerConfigResponse::version>>;
};
struct GetRuntimeInfo : NoFields {
  static constexpr std::int32_t kCode = 28;
  static constexpr std::string_view kName = "GET_BROKER_RUNTIME_INFO";
};
struct GetSystemTopicsFromBroker : NoFields {
  static constexpr std::int32_t kCode = 305;
  static constexpr std::string_view kName = "GET_SYSTEM_TOPIC_LIST_FROM_BROKER";
};

/// Counters of a topic, a queue or a group over minute, hour and day.
struct ViewStats {
  static constexpr std::int32_t kCode = 315;
  static constexpr std::string_view kName = "VIEW_BROKER_STATS_DATA";
  std::string_view name, key;
  using Wire =
      Fields<Required<"statsName", &ViewStats::name>, Required<"statsKey", &ViewStats::key>>;
};

}  // namespace sluice::wire::remoting
