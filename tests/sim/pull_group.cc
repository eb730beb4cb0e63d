#include "clients.h"
#include "reading.h"

namespace sluice::sim {

PullGroup::PullGroup(World& world, std::string group) : Group(world, std::move(group)) {
  for (int topic = 0; topic < kTopics; ++topic) {
    for (int queue = 0; queue < world.plan().queues; ++queue) readers_[{topic, queue}];
  }
  world.on_start([this] { restarted(); });
}

/// Some readers go on from what they know, others ask anew, as members that come and go do. After a
/// power cut that can have taken messages all ask.
void PullGroup::restarted() {
  for (auto& [queue, reader] : readers_) {
    const bool cut = reader.cuts != world_.cuts();
    reader.cuts = world_.cuts();
    if (cut) {
      reader.promised.reset();
      reader.highest = std::min(reader.highest, world_.ledger().end_of(queue));
    }
    if ((cut && !world_.plan().sync_flush) || world_.chance().percent(40)) reader.at.reset();
  }
}

void PullGroup::act() {
  for (auto& [queue, reader] : readers_) {
    if (world_.chance().percent(50)) continue;
    if (world_.chance().percent(3)) reader.at.reset();  // another member takes over
    if (!reader.at && !begin(queue, reader)) continue;
    read(queue, reader);
    if (world_.chance().percent(world_.plan().hasty ? 80 : 30)) commit(queue, reader);
  }
}

bool PullGroup::begin(QueueKey queue, Reader& reader) {
  broker::Broker& broker = world_.broker();
  const std::string topic = topic_name(queue.topic);
  const auto index = world_.store().queue(topic, QueueId(queue.queue));
  const auto found = broker.query_offset(group_, topic, QueueId(queue.queue), true);
  if (!found && found.error().code() != Errc::offset_not_found) return false;
  if (!found && reader.promised) {
    world_.verdict().broken(fmt::format("group {} has forgotten that it committed {} of queue {}",
                                        group_, *reader.promised, queue.queue));
  }
  reader.at = found ? found->value : index->min().value;
  if (!found) return true;
  if (found->value > reader.highest || found->value > index->max().value) {
    world_.verdict().broken(fmt::format(
        "group {} stands at {} in queue {}/{}, which ends at {}; it never came further than {}",
        group_, found->value, queue.topic, queue.queue, index->max().value, reader.highest));
  }
  if (reader.promised && found->value < *reader.promised) {
    world_.verdict().broken(
        fmt::format("group {} stands at {} in queue {}/{}, after it was told "
                    "that {} is committed",
                    group_, found->value, queue.topic, queue.queue, *reader.promised));
  }
  return true;
}

void PullGroup::read(QueueKey queue, Reader& reader) {
  const std::string topic = topic_name(queue.topic);
  broker::PullQuery query{.group = group_, .topic = topic, .queue_id = queue.queue};
  query.offset = QueueOffset(*reader.at);
  query.expression = "*";
  query.max_messages = static_cast<std::int32_t>(world_.chance().between(1, 32));
  if (world_.chance().percent(30)) {
    query.commit = query.offset;
    reader.highest = std::max(reader.highest, *reader.at);
  }
  broker::PullResult result;
  if (auto done = pull(world_.broker(), query, world_.now(), result); !done) {
    world_.verdict().note("pull: " + std::string(done.error().remark()));
    return;
  }
  const auto given = records(result.records);
  if (!given) return;
  for (const auto& record : *given) {
    if (record.placement.offset.value != *reader.at) {
      world_.verdict().broken(fmt::format("group {} was given {} of queue {}/{} where {} was next",
                                          group_, record.placement.offset.value, queue.topic,
                                          queue.queue, *reader.at));
    }
    ++*reader.at;
    (void)take(queue, record);
  }
  if (!given->empty() && result.next.value != *reader.at) {
    world_.verdict().broken(fmt::format("group {} is to go on at {} of queue {}/{}, not at {}",
                                        group_, result.next.value, queue.topic, queue.queue,
                                        *reader.at));
  }
  reader.at = result.next.value;
}

void PullGroup::commit(QueueKey queue, Reader& reader) {
  broker::Broker& broker = world_.broker();
  const std::int64_t next = *reader.at;
  reader.highest = std::max(reader.highest, next);
  const auto done = broker.commit_offset(group_, topic_name(queue.topic), QueueId(queue.queue),
                                         QueueOffset(next), world_.now());
  if (!done || !broker.log_progress(world_.now())) return;
  world_.answer_now([&reader, next](Answer answer) {
    if (answer == Answer::done) reader.promised = next;
  });
}

}  // namespace sluice::sim
