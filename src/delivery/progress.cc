#include "delivery/progress.h"

#include <algorithm>

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
  auto& offsets = in_group->second.next;
  if (offsets.size() <= place) offsets.resize(place + 1, kNone);
  if (offsets[place] == next.value) return;
  offsets[place] = next.value;
  note_change(in_topic->first, in_group->first, in_group->second);
}

void Progress::note_change(const std::string& topic, const std::string& group, Offsets& offsets) {
  ++version_;
  if (std::exchange(offsets.changed, true)) return;
  changed_.emplace(topic, group);
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
  const auto& offsets = in_group->second.next;
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

std::map<std::int32_t, std::int64_t> Progress::offsets(std::string_view group,
                                                       std::string_view topic) const {
  std::lock_guard lock(mutex_);
  const auto in_topic = by_topic_.find(topic);
  if (in_topic == by_topic_.end()) return {};
  const auto in_group = in_topic->second.find(group);
  if (in_group == in_topic->second.end()) return {};
  return entry_of(topic, group, &in_group->second).offsets;
}

bool Progress::empty() const {
  std::lock_guard lock(mutex_);
  return by_topic_.empty();
}

void Progress::remove(std::string_view group, std::string_view topic) {
  std::lock_guard lock(mutex_);
  const auto in_topic = by_topic_.find(topic);
  if (in_topic == by_topic_.end()) return;
  const auto in_group = in_topic->second.find(group);
  if (in_group == in_topic->second.end()) return;
  changed_.emplace(in_topic->first, in_group->first);
  in_topic->second.erase(in_group);
  if (in_topic->second.empty()) by_topic_.erase(in_topic);
  ++version_;
}

void Progress::remove_group(std::string_view group) {
  std::lock_guard lock(mutex_);
  for (auto topic = by_topic_.begin(); topic != by_topic_.end();) {
    const auto found = topic->second.find(group);
    if (found != topic->second.end()) {
      changed_.emplace(topic->first, found->first);
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
  for (const auto& [group, offsets] : found->second) changed_.emplace(found->first, group);
  by_topic_.erase(found);
  ++version_;
}

void Progress::copy_group(std::string_view from, std::string_view to, std::string_view topic) {
  std::lock_guard lock(mutex_);
  const auto in_topic = by_topic_.find(topic);
  if (in_topic == by_topic_.end()) return;
  const auto source = in_topic->second.find(from);
  if (source == in_topic->second.end() || from == to) return;
  auto& target = in_topic->second[std::string(to)];
  target.next = source->second.next;
  note_change(in_topic->first, std::string(to), target);
}

Progress::Entry Progress::entry_of(std::string_view topic, std::string_view group,
                                   const Offsets* offsets) {
  Entry entry{std::string(topic), std::string(group), {}};
  for (std::size_t i = 0; offsets && i < offsets->next.size(); ++i) {
    if (offsets->next[i] == kNone) continue;
    entry.offsets.emplace(static_cast<std::int32_t>(i), offsets->next[i]);
  }
  return entry;
}

std::vector<Progress::Entry> Progress::take_changes() {
  std::lock_guard lock(mutex_);
  std::vector<Entry> changes;
  for (const auto& [topic, group] : std::exchange(changed_, {})) {
    const auto in_topic = by_topic_.find(topic);
    Offsets* offsets = nullptr;
    if (in_topic != by_topic_.end()) {
      const auto in_group = in_topic->second.find(group);
      if (in_group != in_topic->second.end()) offsets = &in_group->second;
    }
    if (offsets) offsets->changed = false;
    changes.push_back(entry_of(topic, group, offsets));
  }
  return changes;
}

void Progress::put_back(const std::vector<Entry>& changes) {
  std::lock_guard lock(mutex_);
  for (const Entry& entry : changes) {
    changed_.emplace(entry.topic, entry.group);
    const auto in_topic = by_topic_.find(entry.topic);
    if (in_topic == by_topic_.end()) continue;
    const auto in_group = in_topic->second.find(entry.group);
    if (in_group != in_topic->second.end()) in_group->second.changed = true;
  }
}

void Progress::restore_change(const Entry& entry) {
  std::lock_guard lock(mutex_);
  ++version_;
  auto& groups = by_topic_[entry.topic];
  if (entry.offsets.empty()) {
    groups.erase(entry.group);
    if (groups.empty()) by_topic_.erase(entry.topic);
    return;
  }
  auto& next = groups[entry.group].next;
  next.clear();
  for (const auto& [queue, offset] : entry.offsets) {
    if (queue < 0 || queue >= kMaxQueues) continue;
    next.resize(std::max(next.size(), static_cast<std::size_t>(queue) + 1), kNone);
    next[static_cast<std::size_t>(queue)] = offset;
  }
}

std::vector<Progress::Entry> Progress::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> all;
  for (const auto& [topic, groups] : by_topic_) {
    for (const auto& [group, offsets] : groups) {
      all.push_back(entry_of(topic, group, &offsets));
    }
  }
  return all;
}

std::uint64_t Progress::version() const {
  std::lock_guard lock(mutex_);
  return version_;
}

void Progress::restore(const std::vector<Entry>& entries) {
  {
    std::lock_guard lock(mutex_);
    by_topic_.clear();
    changed_.clear();
    ++version_;
  }
  for (const Entry& entry : entries) {
    for (const auto& [queue, offset] : entry.offsets) {
      commit(entry.group, entry.topic, QueueId(queue), QueueOffset(offset));
    }
  }
}

}  // namespace sluice::delivery
