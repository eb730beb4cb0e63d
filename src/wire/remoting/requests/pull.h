#pragma once

#include "wire/remoting/fields.h"

/// Requests that read messages and offsets. Source: apache/rocketmq remoting/protocol/header.
namespace sluice::wire::remoting {

/// Bits of a pull's sysFlag (common/sysflag/PullSysFlag.java).
inline constexpr std::int32_t kPullCommitOffset = 1, kPullSuspend = 2, kPullSubscription = 4,
                              kPullClassFilter = 8, kPullLite = 16;

struct PullMessage {
  static constexpr std::int32_t kCode = 11;
  static constexpr std::string_view kName = "PULL_MESSAGE";
  std::string_view group, topic;
  std::int32_t queue_id = 0;
  std::int64_t queue_offset = 0;
  std::int32_t max_messages = 0;
  std::int32_t sys_flag = 0;
  std::int64_t commit_offset = 0;
  std::int64_t suspend_ms = 0;
  std::optional<std::string_view> subscription;
  std::int64_t sub_version = 0;
  std::string_view expression_type = "TAG";
  std::optional<std::int32_t> max_bytes;
  std::string_view broker_name;

  using Wire =
      Fields<Required<"consumerGroup", &PullMessage::group>, Required<"topic", &PullMessage::topic>,
             Required<"queueId", &PullMessage::queue_id>,
             Required<"queueOffset", &PullMessage::queue_offset>,
             Required<"maxMsgNums", &PullMessage::max_messages>,
             Required<"sysFlag", &PullMessage::sys_flag>,
             Required<"commitOffset", &PullMessage::commit_offset>,
             Required<"suspendTimeoutMillis", &PullMessage::suspend_ms>,
             Optional<"subscription", &PullMessage::subscription>,
             Required<"subVersion", &PullMessage::sub_version>,
             Optional<"expressionType", &PullMessage::expression_type>,
             Optional<"maxMsgBytes", &PullMessage::max_bytes>,
             Optional<"bname", &PullMessage::broker_name>>;
};

struct LitePullMessage : PullMessage {
  static constexpr std::int32_t kCode = 361;
  static constexpr std::string_view kName = "LITE_PULL_MESSAGE";
};

struct PullMessageResponse {
  std::int64_t suggest_broker = 0;
  std::int64_t next_offset = 0;
  std::int64_t min_offset = 0;
  std::int64_t max_offset = 0;

  using Wire = Fields<Required<"suggestWhichBrokerId", &PullMessageResponse::suggest_broker>,
                      Required<"nextBeginOffset", &PullMessageResponse::next_offset>,
                      Required<"minOffset", &PullMessageResponse::min_offset>,
                      Required<"maxOffset", &PullMessageResponse::max_offset>>;
};

struct QueryConsumerOffset {
  static constexpr std::int32_t kCode = 14;
  static constexpr std::string_view kName = "QUERY_CONSUMER_OFFSET";
  std::string_view group, topic;
  std::int32_t queue_id = 0;
  std::optional<bool> zero_if_missing;

  using Wire = Fields<Required<"consumerGroup", &QueryConsumerOffset::group>,
                      Required<"topic", &QueryConsumerOffset::topic>,
                      Required<"queueId", &QueryConsumerOffset::queue_id>,
                      Optional<"setZeroIfNotFound", &QueryConsumerOffset::zero_if_missing>>;
};

struct UpdateConsumerOffset {
  static constexpr std::int32_t kCode = 15;
  static constexpr std::string_view kName = "UPDATE_CONSUMER_OFFSET";
  std::string_view group, topic;
  std::int32_t queue_id = 0;
  std::int64_t commit_offset = 0;

  using Wire = Fields<Required<"consumerGroup", &UpdateConsumerOffset::group>,
                      Required<"topic", &UpdateConsumerOffset::topic>,
                      Required<"queueId", &UpdateConsumerOffset::queue_id>,
                      Required<"commitOffset", &UpdateConsumerOffset::commit_offset>>;
};

struct SearchOffset {
  static constexpr std::int32_t kCode = 29;
  static constexpr std::string_view kName = "SEARCH_OFFSET_BY_TIMESTAMP";
  std::string_view topic;
  std::int32_t queue_id = 0;
  std::int64_t timestamp = 0;
  std::string_view boundary = "LOWER";  ///< lower or upper, in any case

  using Wire =
      Fields<Required<"topic", &SearchOffset::topic>, Required<"queueId", &SearchOffset::queue_id>,
             Required<"timestamp", &SearchOffset::timestamp>,
             Optional<"boundaryType", &SearchOffset::boundary>>;
};

/// What names a queue and nothing else.
struct QueueQuery {
  std::string_view topic;
  std::int32_t queue_id = 0;
  using Wire =
      Fields<Required<"topic", &QueueQuery::topic>, Required<"queueId", &QueueQuery::queue_id>>;
};
struct GetMaxOffset : QueueQuery {
  static constexpr std::int32_t kCode = 30;
  static constexpr std::string_view kName = "GET_MAX_OFFSET";
};
struct GetMinOffset : QueueQuery {
  static constexpr std::int32_t kCode = 31;
  static constexpr std::string_view kName = "GET_MIN_OFFSET";
};
struct GetEarliestStoreTime : QueueQuery {
  static constexpr std::int32_t kCode = 32;
  static constexpr std::string_view kName = "GET_EARLIEST_MSG_STORETIME";
};

/// Answers 14, 29, 30 and 31.
struct OffsetResponse {
  std::int64_t offset = 0;
  using Wire = Fields<Required<"offset", &OffsetResponse::offset>>;
};
/// Answers 32.
struct TimestampResponse {
  std::int64_t timestamp = 0;
  using Wire = Fields<Required<"timestamp", &TimestampResponse::timestamp>>;
};

/// Moves a group's progress to a time or an offset.
struct ResetOffset {
  static constexpr std::int32_t kCode = 222;
  static constexpr std::string_view kName = "INVOKE_BROKER_TO_RESET_OFFSET";
  std::string_view group, topic;
  std::int32_t queue_id = -1;  ///< -1: every queue
  std::int64_t offset = -1;    ///< -1: by time
  std::int64_t timestamp = 0;  ///< -1: the queue's end
  bool force = true;
  using Wire =
      Fields<Required<"group", &ResetOffset::group>, Required<"topic", &ResetOffset::topic>,
             Optional<"queueId", &ResetOffset::queue_id>, Optional<"offset", &ResetOffset::offset>,
             Required<"timestamp", &ResetOffset::timestamp>,
             Optional<"isForce", &ResetOffset::force>>;
};

}  // namespace sluice::wire::remoting
