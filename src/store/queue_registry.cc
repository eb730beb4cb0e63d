#include "store/queue_registry.h"

#include <algorithm>
#include <mutex>

#include "base/numbers.h"
#include "store/layout.h"

namespace sluice::store {

Result<void> QueueRegistry::load(Disk& disk) {
  SLUICE_TRY(const auto topics, disk.list(files_.folder()));
  for (const std::string& topic : topics) {
    SLUICE_TRY(const auto ids, disk.list(files_.folder() + "/" + topic));
    for (const std::string& text : ids) {
      const auto id = parse_number<std::int32_t>(text);
      if (id) SLUICE_CHECK(find_or_create(topic, QueueId(*id))->load());
    }
  }
  return {};
}

std::vector<std::shared_ptr<LogQueue>> QueueRegistry::adopt(const QueueTable& table) {
  std::vector<std::shared_ptr<LogQueue>> with_entries;
  for (const QueueRow& row : table.rows) {
    auto queue = find_or_create(row.topic, row.id);
    if (queue->adopt(row.first, row.written, row.unwritten))
      with_entries.push_back(std::move(queue));
  }
  return with_entries;
}

Result<void> QueueRegistry::add_to(QueueTableWriter& table, LogPosition position) const {
  for (const Shard& shard : shards_) {
    {
      const std::shared_lock guard(shard.mutex);
      for (const auto& [name, topic] : shard.topics) {
        for (const auto& [id, queue] : topic.queues) queue->warm();
        for (const auto& [id, queue] : topic.queues) {
          if (!queue->removed()) queue->add_to(table, position);
        }
      }
    }
    SLUICE_CHECK(table.write_out());  // who wants to make a queue does not wait for the disk
  }
  return {};
}

std::shared_ptr<LogQueue> QueueRegistry::find_or_create(std::string_view topic, QueueId id) {
  Shard& shard = shard_of(topic);
  {
    const std::shared_lock guard(shard.mutex);
    const auto found = shard.topics.find(topic);
    if (found != shard.topics.end()) {
      const auto queue = found->second.queues.find(id.value);
      if (queue != found->second.queues.end()) return queue->second;
    }
  }
  const std::unique_lock guard(shard.mutex);
  auto found = shard.topics.find(topic);
  if (found == shard.topics.end()) found = shard.topics.emplace(topic, Topic()).first;
  Topic& row = found->second;
  if (row.name == nullptr) row.name = std::make_shared<const std::string>(topic);
  auto& queue = row.queues[id.value];
  if (queue != nullptr) return queue;
  queue = std::make_shared<LogQueue>(
      files_, log_, memory_, IndexName{.serial = next_serial_++, .topic = row.name, .id = id});
  if (!is_folder_name(topic)) queue->mark_removed();
  return queue;
}

std::size_t QueueRegistry::count() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::shared_lock guard(shard.mutex);
    for (const auto& [name, topic] : shard.topics) sum += topic.queues.size();
  }
  return sum;
}

std::vector<std::shared_ptr<LogQueue>> QueueRegistry::all() const {
  std::vector<std::shared_ptr<LogQueue>> queues;
  for (const Shard& shard : shards_) {
    const std::shared_lock guard(shard.mutex);
    for (const auto& [name, topic] : shard.topics) {
      for (const auto& [id, queue] : topic.queues) queues.push_back(queue);
    }
  }
  return queues;
}

std::vector<std::shared_ptr<LogQueue>> QueueRegistry::of_topic(std::string_view topic) const {
  std::vector<std::shared_ptr<LogQueue>> queues;
  const Shard& shard = shard_of(topic);
  const std::shared_lock guard(shard.mutex);
  const auto found = shard.topics.find(topic);
  if (found == shard.topics.end()) return queues;
  for (const auto& [id, queue] : found->second.queues) queues.push_back(queue);
  return queues;
}

Result<void> QueueRegistry::erase_removed(const std::string& topic) {
  Shard& shard = shard_of(topic);
  const std::unique_lock guard(shard.mutex);
  const auto found = shard.topics.find(topic);
  if (found == shard.topics.end()) return {};
  auto& queues = found->second.queues;
  for (auto at = queues.begin(); at != queues.end();) {
    if (at->second->removed()) {
      SLUICE_CHECK(files_.remove_queue(at->second->name()));
      at = queues.erase(at);
    } else {
      ++at;
    }
  }
  if (!queues.empty()) return {};
  shard.topics.erase(found);
  return is_folder_name(topic) ? files_.remove_topic(topic) : Result<void>();
}

}  // namespace sluice::store
