#include "broker/due_messages.h"

#include <algorithm>

#include "broker/waiting_record.h"

namespace sluice::broker {
namespace record = wire::record;
namespace {

constexpr std::size_t kBatchBytes = 1 << 20;
constexpr std::size_t kBatchMessages = 1024;

}  // namespace

bool DueMessages::Batch::full() const {
  return bytes >= kBatchBytes || pending.size() >= kBatchMessages;
}

Delivered DueMessages::Batch::take_delivered() {
  out.topics.insert(out.topics.end(), spread.topics.begin(), spread.topics.end());
  out.queues.insert(out.queues.end(), spread.queues.begin(), spread.queues.end());
  return std::move(out);
}

Result<bool> DueMessages::take(LogPosition position, std::int32_t size, WallTime now,
                               Batch& batch) {
  auto slice = store_.read(position, size);
  if (!slice && slice.error().code() == Errc::io_error) return fail(std::move(slice.error()));
  bool whole = false;
  const record::Decoded found = slice ? decode(*slice, whole) : record::Decoded{};
  const RealAddress address = whole ? address_of(found) : RealAddress{};
  auto to = target(address.topic, address.queue, now, batch);
  if (!to) {
    ++batch.out.lost;
    return false;
  }
  const auto [topic, queue] = *to;
  store::Pending pending{.queue = queue->index, .message = found.message, .crc = found.crc};
  pending.message.topic = topic->name();
  pending.message.queue = queue->index->id();
  pending.message.prepared = position;
  pending.tags_code =
      record::tags_code(record::find_property(found.message.properties, record::property::kTags));
  // Names that were good when it was sent; without them it is a message of its topic all the same.
  (void)spread(topics_, false, pending, batch.spread);
  const auto encoded = record::encoded_size(pending.message, store_host_);
  if (!encoded) {
    ++batch.out.lost;
    return false;
  }
  pending.size = *encoded;
  batch.bytes += static_cast<std::size_t>(pending.size);
  batch.pending.push_back(pending);
  batch.records.push_back(std::move(*slice));
  auto& grown = batch.out.queues;
  if (std::ranges::find(grown, queue) == grown.end()) grown.push_back(queue);
  return true;
}

Result<std::pair<Topic*, TopicQueue*>> DueMessages::target(std::string_view name, QueueId id,
                                                           WallTime now, Batch& batch) {
  auto& used = batch.out.topics;
  const auto known =
      std::ranges::find(used, name, [](const auto& t) -> const std::string& { return t->name(); });
  std::shared_ptr<Topic> topic = known != used.end() ? *known : topics_.find(name);
  if (!topic) {
    SLUICE_TRY(topic, make_topic(name, id, now));
  }
  TopicQueue* queue = topic->queue(id);
  if (!queue && made_.contains(topic->name())) {
    SLUICE_CHECK(grow(*topic, id, now));
    queue = topic->queue(id);
  }
  // The topic has fewer queues than when the message was sent.
  if (!queue) queue = topic->queue(QueueId(id.value % std::max(topic->write_queues(), 1)));
  if (!queue) return fail(Errc::queue_out_of_range);
  if (known == used.end()) used.push_back(topic);
  return std::pair{topic.get(), queue};
}

/// With as many queues as the store knows of it.
Result<std::shared_ptr<Topic>> DueMessages::make_topic(std::string_view name, QueueId id,
                                                       WallTime now) {
  std::int32_t queues = std::min(id.value, kQueuesMax - 1) + 1;
  for (const auto& queue : store_.queues_of(name)) {
    queues = std::max(queues, queue->id().value + 1);
  }
  TopicConfig config{.name = std::string(name)};
  config.read_queues = config.write_queues = std::min(queues, kQueuesMax);
  made_.insert(config.name);
  return topics_.ensure(std::move(config), now);
}

/// A topic that was made here turns out to have had more queues.
Result<void> DueMessages::grow(const Topic& topic, QueueId id, WallTime now) {
  TopicConfig config = *topic.config();
  config.read_queues = config.write_queues = std::min(id.value, kQueuesMax - 1) + 1;
  return topics_.put(std::move(config), now);
}

}  // namespace sluice::broker
