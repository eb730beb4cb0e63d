#include <iterator>

#include "delivery/members.h"

namespace sluice::delivery {

void ProducerGroups::hello(const std::shared_ptr<Link>& link, std::string_view group,
                           Producer producer) {
  producer.link = link;
  std::lock_guard lock(mutex_);
  auto found = groups_.find(group);
  if (found == groups_.end()) found = groups_.try_emplace(std::string(group)).first;
  found->second.insert_or_assign(link.get(), std::move(producer));
}

void ProducerGroups::leave(const Link* link, std::string_view group) {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  found->second.erase(link);
  if (found->second.empty()) groups_.erase(found);
}

void ProducerGroups::disconnected(const Link* link) {
  std::lock_guard lock(mutex_);
  for (auto& [name, producers] : groups_) producers.erase(link);
  std::erase_if(groups_, [](const auto& entry) { return entry.second.empty(); });
}

int ProducerGroups::expire(SteadyTime now, milliseconds silence) {
  std::lock_guard lock(mutex_);
  std::size_t gone = 0;
  for (auto& [name, producers] : groups_) {
    gone += std::erase_if(producers, [now, silence](const auto& producer) {
      return producer.second.seen + silence < now;
    });
  }
  std::erase_if(groups_, [](const auto& entry) { return entry.second.empty(); });
  return static_cast<int>(gone);
}

std::vector<ProducerGroups::Producer> ProducerGroups::producers(std::string_view group) const {
  std::lock_guard lock(mutex_);
  std::vector<Producer> all;
  const auto found = groups_.find(group);
  if (found == groups_.end()) return all;
  for (const auto& [link, producer] : found->second) all.push_back(producer);
  return all;
}

std::shared_ptr<Link> ProducerGroups::pick(std::string_view group) {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return nullptr;
  const std::size_t count = found->second.size();
  auto at = std::next(found->second.begin(), static_cast<std::ptrdiff_t>(picked_++ % count));
  for (std::size_t i = 0; i < count; ++i) {
    if (auto link = at->second.link.lock()) return link;
    if (++at == found->second.end()) at = found->second.begin();
  }
  return nullptr;
}

std::shared_ptr<Link> ProducerGroups::link_of(std::string_view client_id) const {
  std::lock_guard lock(mutex_);
  for (const auto& [group, producers] : groups_) {
    for (const auto& [key, producer] : producers) {
      if (producer.client_id != client_id) continue;
      if (auto link = producer.link.lock()) return link;
    }
  }
  return nullptr;
}

std::vector<std::string> ProducerGroups::groups() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  names.reserve(groups_.size());
  for (const auto& [name, producers] : groups_) names.push_back(name);
  return names;
}

}  // namespace sluice::delivery
