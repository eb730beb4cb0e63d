#pragma once

#include "wire/remoting/fields.h"

/// Requests that carry messages to a broker. Source: apache/rocketmq remoting/protocol/header.
namespace sluice::wire::remoting {

/// One message, or a batch when `batch` is set.
struct SendMessage {
  static constexpr std::int32_t kCode = 10;
  static constexpr std::string_view kName = "SEND_MESSAGE";
  std::string_view producer_group, topic, default_topic;
  std::int32_t default_topic_queues = 4;
  std::int32_t queue_id = 0;
  std::int32_t sys_flag = 0;
  std::int64_t born_ms = 0;
  std::int32_t flag = 0;
  std::string_view properties;
  std::int32_t reconsume_times = 0;
  bool unit_mode = false;
  bool batch = false;
  std::optional<std::int32_t> max_reconsume_times;
  std::string_view broker_name;

  using Wire = Fields<
      Required<"producerGroup", &SendMessage::producer_group>,
      Required<"topic", &SendMessage::topic>, Required<"defaultTopic", &SendMessage::default_topic>,
      Required<"defaultTopicQueueNums", &SendMessage::default_topic_queues>,
      Required<"queueId", &SendMessage::queue_id>, Required<"sysFlag", &SendMessage::sys_flag>,
      Required<"bornTimestamp", &SendMessage::born_ms>, Required<"flag", &SendMessage::flag>,
      Optional<"properties", &SendMessage::properties>,
      Optional<"reconsumeTimes", &SendMessage::reconsume_times>,
      Optional<"unitMode", &SendMessage::unit_mode>, Optional<"batch", &SendMessage::batch>,
      Optional<"maxReconsumeTimes", &SendMessage::max_reconsume_times>,
      Optional<"bname", &SendMessage::broker_name>>;
};

/// The same with one-letter names.
struct SendMessageV2 : SendMessage {
  static constexpr std::int32_t kCode = 310;
  static constexpr std::string_view kName = "SEND_MESSAGE_V2";
  using Wire = Fields<
      Required<"a", &SendMessage::producer_group>, Required<"b", &SendMessage::topic>,
      Required<"c", &SendMessage::default_topic>, Required<"d", &SendMessage::default_topic_queues>,
      Required<"e", &SendMessage::queue_id>, Required<"f", &SendMessage::sys_flag>,
      Required<"g", &SendMessage::born_ms>, Required<"h", &SendMessage::flag>,
      Optional<"i", &SendMessage::properties>, Optional<"j", &SendMessage::reconsume_times>,
      Optional<"k", &SendMessage::unit_mode>, Optional<"l", &SendMessage::max_reconsume_times>,
      Optional<"m", &SendMessage::batch>, Optional<"n", &SendMessage::broker_name>>;
};

struct SendBatchMessage : SendMessageV2 {
  static constexpr std::int32_t kCode = 320;
  static constexpr std::string_view kName = "SEND_BATCH_MESSAGE";
};

/// A consumer answers a request; the properties say which, and whose.
struct SendReply : SendMessage {
  static constexpr std::int32_t kCode = 324;
  static constexpr std::string_view kName = "SEND_REPLY_MESSAGE";
};
struct SendReplyV2 : SendMessageV2 {
  static constexpr std::int32_t kCode = 325;
  static constexpr std::string_view kName = "SEND_REPLY_MESSAGE_V2";
};

/// Answers a send. Java clients read the ext fields without looking whether there are any.
struct SendMessageResponse {
  std::string_view message_id;
  std::int32_t queue_id = 0;
  std::int64_t queue_offset = 0;
  std::string_view transaction_id;
  std::string_view region, trace_on;
  std::string_view batch_id;       ///< a batch that is one message to its producer
  std::string_view recall_handle;  ///< of a timed message, to take it back with

  using Wire = Fields<Required<"msgId", &SendMessageResponse::message_id>,
                      Required<"queueId", &SendMessageResponse::queue_id>,
                      Required<"queueOffset", &SendMessageResponse::queue_offset>,
                      Optional<"transactionId", &SendMessageResponse::transaction_id>,
                      Optional<"batchUniqId", &SendMessageResponse::batch_id>,
                      Optional<"recallHandle", &SendMessageResponse::recall_handle>,
                      Optional<"MSG_REGION", &SendMessageResponse::region>,
                      Optional<"TRACE_ON", &SendMessageResponse::trace_on>>;
};

/// A consumer gives a message back to be delivered later.
struct ConsumerSendBack {
  static constexpr std::int32_t kCode = 36;
  static constexpr std::string_view kName = "CONSUMER_SEND_MSG_BACK";
  std::int64_t position = 0;
  std::string_view group;
  std::int32_t delay_level = 0;
  std::string_view origin_message_id, origin_topic;
  bool unit_mode = false;
  std::optional<std::int32_t> max_reconsume_times;

  using Wire = Fields<Required<"offset", &ConsumerSendBack::position>,
                      Required<"group", &ConsumerSendBack::group>,
                      Required<"delayLevel", &ConsumerSendBack::delay_level>,
                      Optional<"originMsgId", &ConsumerSendBack::origin_message_id>,
                      Optional<"originTopic", &ConsumerSendBack::origin_topic>,
                      Optional<"unitMode", &ConsumerSendBack::unit_mode>,
                      Optional<"maxReconsumeTimes", &ConsumerSendBack::max_reconsume_times>>;
};

/// A producer says what becomes of its half message.
struct EndTransaction {
  static constexpr std::int32_t kCode = 37;
  static constexpr std::string_view kName = "END_TRANSACTION";
  static constexpr std::int32_t kUnknown = 0, kCommit = 8, kRollback = 12;
  std::string_view producer_group;
  std::int64_t half_offset = 0;
  std::int64_t position = 0;
  std::int32_t decision = kUnknown;
  bool from_check = false;
  std::string_view message_id, transaction_id;

  using Wire = Fields<Required<"producerGroup", &EndTransaction::producer_group>,
                      Required<"tranStateTableOffset", &EndTransaction::half_offset>,
                      Required<"commitLogOffset", &EndTransaction::position>,
                      Required<"commitOrRollback", &EndTransaction::decision>,
                      Optional<"fromTransactionCheck", &EndTransaction::from_check>,
                      Optional<"msgId", &EndTransaction::message_id>,
                      Optional<"transactionId", &EndTransaction::transaction_id>>;
};

/// A producer takes a timed message back before it is due.
struct RecallMessage {
  static constexpr std::int32_t kCode = 370;
  static constexpr std::string_view kName = "RECALL_MESSAGE";
  std::string_view producer_group, topic, handle, broker_name;

  using Wire = Fields<Optional<"producerGroup", &RecallMessage::producer_group>,
                      Required<"topic", &RecallMessage::topic>,
                      Required<"recallHandle", &RecallMessage::handle>,
                      Optional<"bname", &RecallMessage::broker_name>>;
};
struct RecallMessageResponse {
  std::string_view message_id;
  using Wire = Fields<Required<"msgId", &RecallMessageResponse::message_id>>;
};

/// A broker asks a producer what became of a half message, which is the body.
struct CheckTransactionState {
  static constexpr std::int32_t kCode = 39;
  static constexpr std::string_view kName = "CHECK_TRANSACTION_STATE";
  std::int64_t half_offset = 0;
  std::int64_t position = 0;
  std::string_view message_id, transaction_id;

  using Wire = Fields<Required<"tranStateTableOffset", &CheckTransactionState::half_offset>,
                      Required<"commitLogOffset", &CheckTransactionState::position>,
                      Optional<"msgId", &CheckTransactionState::message_id>,
                      Optional<"transactionId", &CheckTransactionState::transaction_id>>;
};

/// A broker hands a reply to the producer that asked; the body is the reply's.
struct PushReply {
  static constexpr std::int32_t kCode = 326;
  static constexpr std::string_view kName = "PUSH_REPLY_MESSAGE_TO_CLIENT";
  std::string_view topic, properties;
  std::int32_t queue_id = 0;
  std::int32_t sys_flag = 0;
  std::int64_t born_ms = 0;
  std::int64_t store_ms = 0;

  using Wire =
      Fields<Required<"topic", &PushReply::topic>, Required<"queueId", &PushReply::queue_id>,
             Required<"sysFlag", &PushReply::sys_flag>,
             Required<"bornTimestamp", &PushReply::born_ms>,
             Optional<"properties", &PushReply::properties>,
             Optional<"storeTimestamp", &PushReply::store_ms>>;
};

}  // namespace sluice::wire::remoting
