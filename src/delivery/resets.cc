#include "delivery/resets.h"

namespace sluice::delivery {

void Resets::put(std::string_view group, std::string_view topic, QueueId queue,
                 QueueOffset target) {
  const std::scoped_lock lock(mutex_);
  targets_[key(group, topic, queue)] = target;
  count_ = targets_.size();
}

bool Resets::pending(std::string_view group, std::string_view topic, QueueId queue) const {
  if (count_ == 0) return false;
  const std::scoped_lock lock(mutex_);
  return targets_.contains(key(group, topic, queue));
}

std::optional<QueueOffset> Resets::take(std::string_view group, std::string_view topic,
                                        QueueId queue) {
  if (count_ == 0) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  const auto found = targets_.find(key(group, topic, queue));
  if (found == targets_.end()) return std::nullopt;
  const QueueOffset target = found->second;
  targets_.erase(found);
  count_ = targets_.size();
  return target;
}

void Resets::remove_group(std::string_view group) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(targets_, [group](const auto& entry) { return std::get<0>(entry.first) == group; });
  count_ = targets_.size();
}

void Resets::remove_topic(std::string_view topic) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(targets_, [topic](const auto& entry) { return std::get<1>(entry.first) == topic; });
  count_ = targets_.size();
}

}  // namespace sluice::delivery
