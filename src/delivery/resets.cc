#include "delivery/resets.h"

namespace sluice::delivery {

void Resets::put(std::string_view group, std::string_view topic, QueueId queue,
                 QueueOffset target) {
  const std::scoped_lock lock(mutex_);
  resets_[key(group, topic, queue)] = {target};
  count_ = resets_.size();
}

bool Resets::pending(std::string_view group, std::string_view topic, QueueId queue) const {
  if (count_ == 0) return false;
  const std::scoped_lock lock(mutex_);
  return resets_.contains(key(group, topic, queue));
}

std::optional<QueueOffset> Resets::on_read(std::string_view group, std::string_view topic,
                                           QueueId queue, QueueOffset at) {
  if (count_ == 0) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  const auto found = resets_.find(key(group, topic, queue));
  if (found == resets_.end()) return std::nullopt;
  Reset& reset = found->second;
  if (reset.told || at == reset.target) {
    resets_.erase(found);
    count_ = resets_.size();
    return std::nullopt;
  }
  reset.told = true;
  return reset.target;
}

std::optional<QueueOffset> Resets::tell(std::string_view group, std::string_view topic,
                                        QueueId queue) {
  if (count_ == 0) return std::nullopt;
  const std::scoped_lock lock(mutex_);
  const auto found = resets_.find(key(group, topic, queue));
  if (found == resets_.end()) return std::nullopt;
  found->second.told = true;
  return found->second.target;
}

void Resets::remove_group(std::string_view group) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(resets_, [group](const auto& entry) { return std::get<0>(entry.first) == group; });
  count_ = resets_.size();
}

void Resets::remove_topic(std::string_view topic) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(resets_, [topic](const auto& entry) { return std::get<1>(entry.first) == topic; });
  count_ = resets_.size();
}

}  // namespace sluice::delivery
