#include "broker/known_topics.h"

#include <utility>

namespace sluice::broker {

Topic* KnownTopics::find(std::size_t hash, std::string_view name) const {
  const auto* const found = table_.find(hash, name);
  return found == nullptr || (*found)->deleted() ? nullptr : found->get();
}

Topic& KnownTopics::add(std::shared_ptr<Topic> topic) {
  Topic& added = *topic;
  forget(added.name());
  table_.insert(std::move(topic));
  return added;
}

void KnownTopics::forget(std::string_view name) {
  const auto* const found = table_.find(topic_hash(name), name);
  if (found == nullptr) return;
  forgotten_.push_back(*found);
  table_.erase(name);
}

}  // namespace sluice::broker
