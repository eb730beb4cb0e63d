#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/sending.h"

/// Where a message goes: the topic, made when that is allowed, and the queue.
namespace sluice::broker {
namespace {

constexpr std::array<std::string_view, 6> kClosedToProducers{
    "SCHEDULE_TOPIC_XXXX",        "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
    "TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC",          "OFFSET_MOVED_EVENT"};

}  // namespace

Result<SendBatch::Target> SendBatch::target(const SendQuery& query, WallTime now) {
  SLUICE_TRY(topic_, topic(query, now));
  Topic& topic = *topic_;
  if ((topic.perm() & kPermWrite) == 0) {
    return fail(Errc::not_permitted,
                fmt::format("topic {} is not writable (perm {})", topic.name(), topic.perm()));
  }
  const bool dead = topic.name() != query.topic;
  const QueueId id = dead                 ? QueueId(0)  // their only queue
                     : query.queue_id < 0 ? topic.next_write_queue()
                                          : QueueId(query.queue_id);
  const Topic::Found found = topic.find(id);
  if (!found.queue) {
    return fail(Errc::queue_out_of_range,
                fmt::format("topic {} has {} write queues, there is no queue {}", topic.name(),
                            topic.write_queues(), query.queue_id));
  }
  return Target{&topic, found, id, dead};
}

Result<Topic*> SendBatch::topic(const SendQuery& query, WallTime now) {
  if (query.topic.starts_with(kRetryPrefix)) {
    SLUICE_TRY(auto found, retry_topic(query, now));
    return retry_topics_.emplace_back(std::move(found)).get();
  }
  if (query.known != nullptr && !query.known->deleted()) return query.known;
  // A wake's messages mostly go to one topic.
  if (topic_ != nullptr && topic_->name() == query.topic && !topic_->deleted()) return topic_;
  auto* const known = known_topics_.find(topic_hash(query.topic), query.topic);
  return known != nullptr ? known : new_topic(query, now);
}

/// One that this reactor has not sent to.
Result<Topic*> SendBatch::new_topic(const SendQuery& query, WallTime now) {
  if (std::ranges::find(kClosedToProducers, query.topic) != kClosedToProducers.end()) {
    return fail(Errc::not_permitted,
                fmt::format("topic {} is the system's own: choose another name", query.topic));
  }
  SLUICE_TRY(auto found, broker_.topics().find_or_create(query.topic, query.default_topic,
                                                         query.default_topic_queues, now));
  return &known_topics_.add(std::move(found));
}

Result<std::shared_ptr<Topic>> SendBatch::retry_topic(const SendQuery& query, WallTime now) {
  const std::string_view group = query.topic.substr(kRetryPrefix.size());
  const auto config = broker_.groups().find(group);
  if (!config) {
    return fail(Errc::group_not_found, fmt::format("the consumer group {} does not exist", group));
  }
  if (query.reconsume_times > query.max_reconsume_times.value_or(config->retry_max_times)) {
    TopicConfig dead{.name = std::string(kDeadPrefix) + std::string(group)};
    dead.read_queues = dead.write_queues = 1;
    return broker_.topics().ensure(std::move(dead), now);
  }
  return broker_.topics().find_or_create(query.topic, query.default_topic, 1, now);
}

/// A wake's messages may go to as many queues, so these are not looked through. Of those that share
/// a place one may be listed again; a topic's own do not, unless they are more than there are
/// places.
void SendBatch::list(TopicQueue& queue) {
  TopicQueue*& place = listed_[place_of(queue)];
  if (std::exchange(place, &queue) != &queue) queues_.push_back(&queue);
}

std::size_t SendBatch::place_of(const TopicQueue& queue) const {
  return queue.key() / sizeof(TopicQueue) % listed_.size();
}

}  // namespace sluice::broker
