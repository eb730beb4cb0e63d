#include "delivery/progress.h"

namespace sluice::delivery {
namespace {

/// In a queue's place: nothing is committed.
constexpr std::int64_t kNone = -1;
/// A commit for a queue beyond any topic's is a client's mistake, not a reason for a huge table.
constexpr std::int32_t kMaxQueues = 1 << 16;

}  // namespace

void Progress::commit(std::string_view group, std::string_view topic, QueueId queue,
                      QueueOffset next) {
  if (queue.value < 0 || queue.value >= kMaxQueues || next.value < 0) return;
  const auto place = static_cast<std::size_t>(queue.value);
  std::lock_guard lock(mutex_);
  auto in_topic = by_topic_.find(topic);
  if (in_topic == by_topic_.end()) in_topic = by_topic_.try_emplace(std::string(topic)).first;
  auto in_group = in_topic->second.find(group);
  if (in_group == in_topic->second.end()) {
    in_group = in_topic->second.try_emplace(std::string(group)).first;
  }
  auto& offsets = in_group->second;
  if (offsets.size() <= place) offsets.resize(place + 1, kNone);
  if (offsets[place] == next.value) return;
  offsets[place] = next.value;
  ++version_;
}

std::optional<QueueOffset> Progress::committed(std::string_view group, std::string_view topic,
                                               QueueId queue) const {
  if (queue.value < 0) return std::nullopt;
  const auto place = static_cast<std::size_t>(queue.value);
  std::lock_guard lock(mutex_);
  const auto in_topic = by_topic_.find(topic);
  if (in_topic == by_topic_.end()) return std::nullopt;
  const auto in_group = in_topic->second.find(group);
  if (in_group == in_topic->second.end()) return std::nullopt;
  const auto& offsets = in_group->second;
  if (place >= offsets.size() || offsets[place] == kNone) return std::nullopt;
  return QueueOffset(offsets[place]);
}

std::vector<std::string> Progress::topics(std::string_view group) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [topic, groups] : by_topic_) {
    if (groups.contains(group)) names.push_back(topic);
  }
  return names;
}

std::vector<std::string> Progress::groups(std::string_view topic) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  const auto in_topic = by_topic_.find(topic);
  if (in_topic == by_topic_.end()) return names;
  for (const auto& [group, offsets] : in_topic->second) names.push_back(group);
  return names;
}

void Progress::remove_group(std::string_view group) {
  std::lock_guard lock(mutex_);
  for (auto topic = by_topic_.begin(); topic != by_topic_.end();) {
    const auto found = topic->second.find(group);
    if (found != topic->second.end()) {
      topic->second.erase(found);
      ++version_;
    }
    topic = topic->second.empty() ? by_topic_.erase(topic) : std::next(topic);
  }
}

void Progress::remove_topic(std::string_view topic) {
  std::lock_guard lock(mutex_);
  const auto found = by_topic_.find(topic);
  if (found == by_topic_.end()) return;
  by_topic_.erase(found);
  ++version_;
}

void Progress::copy_group(std::string_view from, std::string_view to, std::string_view topic) {
  std::lock_guard lock(mutex_);
  const auto in_topic = by_topic_.find(topic);
  if (in_topic == by_topic_.end()) return;
  const auto source = in_topic->second.find(from);
  if (source == in_topic->second.end() || from == to) return;
  in_topic->second.insert_or_assign(std::string(to), source->second);
  ++version_;
}

std::vector<Progress::Entry> Progress::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> all;
  for (const auto& [topic, groups] : by_topic_) {
    for (const auto& [group, offsets] : groups) {
      Entry entry{topic, group, {}};
      for (std::size_t i = 0; i < offsets.size(); ++i) {
        if (offsets[i] != kNone) entry.offsets.emplace(static_cast<std::int32_t>(i), offsets[i]);
      }
      all.push_back(std::move(entry));
    }
  }
  return all;
}

std::uint64_t Progress::version() const {
  std::lock_guard lock(mutex_);
  return version_;
}

void Progress::restore(std::vector<Entry> entries) {
  {
    std::lock_guard lock(mutex_);
    by_topic_.clear();
    ++version_;
  }
  for (const Entry& entry : entries) {
    for (const auto& [queue, offset] : entry.offsets) {
      commit(entry.group, entry.topic, QueueId(queue), QueueOffset(offset));
    }
  }
}

}  // namespace sluice::delivery
