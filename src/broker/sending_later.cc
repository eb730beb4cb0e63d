#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/sending.h"
#include "wire/record/properties.h"

/// Sends that consumers see later: delayed, timed and half messages.
namespace sluice::broker {

using namespace wire::record;

/// Makes it a message that waits in the queue of its level.
void SendBatch::wait(store::Pending& pending, std::int64_t delay, WallTime now) {
  Schedule& schedule = broker_.schedule();
  const int level = schedule.levels().clamp(delay);
  pending.queue = &schedule.queue(level);
  pending.message.topic = kScheduleTopic;
  pending.message.queue = pending.queue->id();
  pending.tags_code = schedule.levels().of(level).count();
  pending.after_store = true;
  if (!delayed_since_) delayed_since_ = now;
}

/// Makes it a message that waits for a time.
void SendBatch::wait_until(store::Pending& pending, WallTime due) {
  pending.queue = &broker_.timers().queue();
  pending.message.topic = kTimerTopic;
  pending.message.queue = pending.queue->id();
  pending.tags_code = unix_ms(due);
  timed_ = true;
}

void SendBatch::note_timed() {
  if (!timed_) return;
  Timers& timers = broker_.timers();
  for (const store::Pending& pending : pending_) {
    if (pending.queue != &timers.queue()) continue;
    timers.stored(pending.offset, from_unix_ms(pending.tags_code));
  }
}

/// Makes it a half message.
Result<void> SendBatch::hold(store::Pending& pending, WallTime now) {
  Transactions& transactions = broker_.transactions();
  if (transactions.options().reject) {
    return fail(Errc::not_permitted,
                "this broker takes no transactional messages (rejectTransactionMessage)");
  }
  Message& message = pending.message;
  texts_.push_back(std::make_unique<std::string>(
      half_properties(message.properties, message.topic, message.queue)));
  message.properties = *texts_.back();
  message.topic = kHalfTopic;
  message.queue = QueueId(0);
  pending.queue = &transactions.half_queue();
  if (!halves_since_) halves_since_ = now;
  return {};
}

/// Names are checked now, also where the message goes there later, when nobody could be told.
Result<void> SendBatch::go_to_light_queues(store::Pending& pending) {
  if (!broker_.topics().options().light_dispatch) return {};
  SLUICE_CHECK(names_light_queues(pending.message.properties));
  return spread(broker_.topics(), true, pending, spread_);
}

void SendBatch::note_halves() {
  if (!halves_since_) return;
  Transactions& transactions = broker_.transactions();
  for (const store::Pending& pending : pending_) {
    if (pending.queue != &transactions.half_queue()) continue;
    transactions.stored(pending.offset, pending.position, *halves_since_,
                        patience_of(pending.message.properties));
  }
}

void SendBatch::note_delayed() {
  if (!delayed_since_) return;
  for (const store::Pending& pending : pending_) {
    if (!pending.after_store) continue;
    broker_.schedule().stored(pending.message.queue.value + 1, pending.offset,
                              *delayed_since_ + milliseconds(pending.tags_code));
  }
}

/// What the system and consumers' retries send is of any kind.
Result<void> SendBatch::check_type(const Topic& topic, std::string_view properties) const {
  const MessageType wanted = topic.traits().type;
  const MessageType type = message_type(properties);
  if (type == wanted || wanted == MessageType::mixed || is_system_topic(topic.name()) ||
      topic.name().starts_with(kRetryPrefix) || topic.name().starts_with(kDeadPrefix) ||
      topic.name().ends_with("_REPLY_TOPIC") ||
      !find_property(properties, property::kTransferFlag).empty()) {
    return {};
  }
  return fail(Errc::message_illegal,
              fmt::format("topic {} takes messages of type {} (its attribute message.type), this "
                          "one is of type {}: see enableTopicMessageTypeCheck",
                          topic.name(), name_of(wanted), name_of(type)));
}

}  // namespace sluice::broker
