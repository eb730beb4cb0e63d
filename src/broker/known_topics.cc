#include "broker/known_topics.h"

#include <utility>

namespace sluice::broker {

Topic* KnownTopics::find(std::size_t hash, std::string_view name) const {
  Topic* const* const found = table_.find(hash, name);
  return found == nullptr || (*found)->deleted() ? nullptr : *found;
}

Topic& KnownTopics::add(std::shared_ptr<Topic> topic) {
  held_.push_back(std::move(topic));
  table_.insert_or_assign(held_.back().get());
  return *held_.back();
}

void KnownTopics::let_go() {
  const std::uint64_t removals = topics_.removals();
  if (std::exchange(removals_, removals) == removals) return;
  table_ = {};
  held_.clear();
}

}  // namespace sluice::broker
