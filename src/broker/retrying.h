#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

/// Messages that consumers could not process: delivered again later through %RETRY%group, after too
/// many times put among the group's dead letters in %DLQ%group. Source of the rules:
/// apache/rocketmq broker/processor/AbstractSendMessageProcessor.java (consumerSendMsgBack).
namespace sluice::broker {

class Broker;
class SendBatch;

/// A consumer gives a message back (CONSUMER_SEND_MSG_BACK).
struct GiveBackQuery {
  std::string_view group;
  LogPosition position;          ///< of the record it got
  std::int32_t delay_level = 0;  ///< 0: the broker chooses; below: no further delivery
  std::optional<std::int32_t> max_reconsume_times;  ///< the client's own limit; -1: the group's
};

/// Appends what becomes of the message with `batch`, which is empty; the caller announces the
/// queues and clears it. The new record has one more reconsumeTimes; RETRY_TOPIC and
/// ORIGIN_MESSAGE_ID say where the message was first. Without a level of the consumer's own it
/// waits as the group's retry policy says (retry_policy.h).
///
/// Gives the position as SendBatch::append does, or nothing when the group takes no retries.
/// Errors: group_not_found; not_found (no record at the position any more); not_permitted (the
/// retry topic is not writable); those of append.
Result<std::optional<LogPosition>> give_back(Broker& broker, SendBatch& batch,
                                             const GiveBackQuery& query, WallTime now);

/// Completes a dead letter's properties for its readers: DLQ_ORIGIN_TOPIC, DLQ_ORIGIN_MESSAGE_ID
/// (as the sender knew it) and why it was given up. Its record says how often it was delivered
/// again.
void mark_dead(std::string& properties, std::int32_t reconsume_times);

}  // namespace sluice::broker
