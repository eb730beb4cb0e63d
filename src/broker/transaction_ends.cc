#include <algorithm>

#include "broker/transactions.h"

/// What the end of a transaction puts into the log, and where it goes.
namespace sluice::broker {
namespace {

/// Queues of a topic that has to be made again: what clients ask for by default.
constexpr std::int32_t kQueues = 4;

}  // namespace

Result<LogPosition> Transactions::append_end(const HalfMessage& half, const Target* to,
                                             std::int32_t transaction_bits, Spread& also,
                                             WallTime now) {
  std::string body;
  append_mark(body, half.record.placement.offset);
  std::vector<store::Pending> batch;
  if (to != nullptr) {
    SLUICE_TRY(batch.emplace_back(), record_from(half, to->topic->name(), *to->queue->index,
                                                 transaction_bits, store_host_));
    // Names that were good when it was sent; without them it is a message of its topic all the
    // same.
    (void)spread(topics_, false, batch.back(), also);
    SLUICE_TRY(batch.back().size, wire::record::encoded_size(batch.back().message, store_host_));
  }
  SLUICE_TRY(batch.emplace_back(), mark_record(body, *marks_, now, store_host_));
  return store_.append(batch);
}

/// The topic is made again when it is not there: a crash was faster than topics.json, or it was
/// removed.
Result<Transactions::Target> Transactions::target(const HalfMessage& half, WallTime now) {
  auto topic = topics_.find(half.topic);
  if (!topic) {
    TopicConfig config{.name = std::string(half.topic)};
    config.read_queues = config.write_queues =
        std::clamp(half.queue.value + 1, kQueues, kQueuesMax);
    SLUICE_TRY(topic, topics_.ensure(std::move(config), now));
  }
  TopicQueue* queue = topic->queue(half.queue);
  // The topic has fewer queues than when the half message was sent.
  if (!queue) queue = topic->queue(QueueId(half.queue.value % std::max(topic->write_queues(), 1)));
  if (!queue) return fail(Errc::queue_out_of_range);
  return Target{std::move(topic), queue};
}

Result<Transactions::Target> Transactions::undecided(WallTime now) {
  TopicConfig config{.name = std::string(kUndecidedTopic)};
  config.read_queues = config.write_queues = 1;
  SLUICE_TRY(auto topic, topics_.ensure(std::move(config), now));
  TopicQueue* const queue = topic->queue(QueueId(0));
  return Target{std::move(topic), queue};
}

}  // namespace sluice::broker
