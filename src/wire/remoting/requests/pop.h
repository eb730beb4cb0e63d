#pragma once

#include "wire/remoting/fields.h"

/// Requests of consumers that take messages one by one. Their codes do not fit the binary header's
/// 16 bits: they come with JSON headers. Source: apache/rocketmq remoting/protocol/header.
namespace sluice::wire::remoting {

struct PopMessage {
  static constexpr std::int32_t kCode = 200050;
  static constexpr std::string_view kName = "POP_MESSAGE";
  std::string_view group, topic;
  std::int32_t queue_id = -1;
  std::int32_t max_messages = 0;
  std::int64_t invisible_ms = 0;
  std::int64_t poll_ms = 0;
  std::int64_t born_ms = 0;
  std::int32_t init_mode =
      0;  ///< where a new group begins: 0 at the oldest message, 1 at the newest
  std::string_view expression_type, expression;
  bool ordered = false;
  std::string_view attempt_id;
  using Wire = Fields<
      Required<"consumerGroup", &PopMessage::group>, Required<"topic", &PopMessage::topic>,
      Required<"queueId", &PopMessage::queue_id>, Required<"maxMsgNums", &PopMessage::max_messages>,
      Required<"invisibleTime", &PopMessage::invisible_ms>,
      Required<"pollTime", &PopMessage::poll_ms>, Required<"bornTime", &PopMessage::born_ms>,
      Required<"initMode", &PopMessage::init_mode>,
      Optional<"expType", &PopMessage::expression_type>, Optional<"exp", &PopMessage::expression>,
      Optional<"order", &PopMessage::ordered>, Optional<"attemptId", &PopMessage::attempt_id>>;
};

struct PopMessageResponse {
  std::int64_t pop_ms = 0;
  std::int64_t invisible_ms = 0;
  std::int32_t revive_queue = 0;
  std::int64_t rest = 0;
  std::string_view start_offsets, offsets, counts;  ///< see pop_receipt.h
  using Wire = Fields<Required<"popTime", &PopMessageResponse::pop_ms>,
                      Required<"invisibleTime", &PopMessageResponse::invisible_ms>,
                      Required<"reviveQid", &PopMessageResponse::revive_queue>,
                      Required<"restNum", &PopMessageResponse::rest>,
                      Optional<"startOffsetInfo", &PopMessageResponse::start_offsets>,
                      Optional<"msgOffsetInfo", &PopMessageResponse::offsets>,
                      Optional<"orderCountInfo", &PopMessageResponse::counts>>;
};

struct AckMessage {
  static constexpr std::int32_t kCode = 200051;
  static constexpr std::string_view kName = "ACK_MESSAGE";
  std::string_view group, topic;
  std::int32_t queue_id = 0;
  std::string_view receipt;
  std::int64_t offset = 0;
  using Wire =
      Fields<Required<"consumerGroup", &AckMessage::group>, Required<"topic", &AckMessage::topic>,
             Required<"queueId", &AckMessage::queue_id>,
             Required<"extraInfo", &AckMessage::receipt>, Required<"offset", &AckMessage::offset>>;
};

struct BatchAckMessage {
  static constexpr std::int32_t kCode = 200151;
  static constexpr std::string_view kName = "BATCH_ACK_MESSAGE";
  using Wire = Fields<>;
};

struct PeekMessage {
  static constexpr std::int32_t kCode = 200052;
  static constexpr std::string_view kName = "PEEK_MESSAGE";
  std::string_view topic;
  std::int32_t queue_id = -1;
  std::int32_t max_messages = 0;
  std::string_view group;
  using Wire =
      Fields<Required<"topic", &PeekMessage::topic>, Required<"queueId", &PeekMessage::queue_id>,
             Required<"maxMsgNums", &PeekMessage::max_messages>,
             Required<"consumerGroup", &PeekMessage::group>>;
};

struct ChangeInvisibleTime {
  static constexpr std::int32_t kCode = 200053;
  static constexpr std::string_view kName = "CHANGE_MESSAGE_INVISIBLETIME";
  std::string_view group, topic;
  std::int32_t queue_id = 0;
  std::string_view receipt;
  std::int64_t offset = 0;
  std::int64_t invisible_ms = 0;
  using Wire = Fields<Required<"consumerGroup", &ChangeInvisibleTime::group>,
                      Required<"topic", &ChangeInvisibleTime::topic>,
                      Required<"queueId", &ChangeInvisibleTime::queue_id>,
                      Required<"extraInfo", &ChangeInvisibleTime::receipt>,
                      Required<"offset", &ChangeInvisibleTime::offset>,
                      Required<"invisibleTime", &ChangeInvisibleTime::invisible_ms>>;
};
struct ChangeInvisibleTimeResponse {
  std::int64_t pop_ms = 0;
  std::int64_t invisible_ms = 0;
  std::int32_t revive_queue = 0;
  using Wire = Fields<Required<"popTime", &ChangeInvisibleTimeResponse::pop_ms>,
                      Required<"invisibleTime", &ChangeInvisibleTimeResponse::invisible_ms>,
                      Required<"reviveQid", &ChangeInvisibleTimeResponse::revive_queue>>;
};

struct Notification {
  static constexpr std::int32_t kCode = 200054;
  static constexpr std::string_view kName = "NOTIFICATION";
  std::string_view group, topic;
  std::int32_t queue_id = -1;
  std::int64_t poll_ms = 0;
  std::int64_t born_ms = 0;
  bool ordered = false;
  std::string_view attempt_id;
  using Wire = Fields<
      Required<"consumerGroup", &Notification::group>, Required<"topic", &Notification::topic>,
      Required<"queueId", &Notification::queue_id>, Required<"pollTime", &Notification::poll_ms>,
      Required<"bornTime", &Notification::born_ms>, Optional<"order", &Notification::ordered>,
      Optional<"attemptId", &Notification::attempt_id>>;
};
struct NotificationResponse {
  bool has_messages = false;
  bool polling_full = false;
  using Wire = Fields<Required<"hasMsg", &NotificationResponse::has_messages>,
                      Required<"pollingFull", &NotificationResponse::polling_full>>;
};

struct PollingInfo {
  static constexpr std::int32_t kCode = 200055;
  static constexpr std::string_view kName = "POLLING_INFO";
  std::string_view group, topic;
  std::int32_t queue_id = -1;
  using Wire =
      Fields<Required<"consumerGroup", &PollingInfo::group>, Required<"topic", &PollingInfo::topic>,
             Required<"queueId", &PollingInfo::queue_id>>;
};
struct PollingInfoResponse {
  std::int32_t parked = 0;
  using Wire = Fields<Required<"pollingNum", &PollingInfoResponse::parked>>;
};

}  // namespace sluice::wire::remoting
