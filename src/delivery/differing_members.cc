#include <set>

#include "delivery/members.h"

/// Members of one group that want different messages.
namespace sluice::delivery {
namespace {

/// Some topic that the two do not want alike.
std::optional<Contradiction> difference(const Member& one, const Member& other) {
  const auto find = [](const Member& member, const std::string& topic) {
    const auto found = member.subscriptions.find(topic);
    return found == member.subscriptions.end() ? nullptr : found->second.get();
  };
  for (const Member* member : {&one, &other}) {
    for (const auto& [topic, subscription] : member->subscriptions) {
      const Subscription* const a = find(one, topic);
      const Subscription* const b = find(other, topic);
      if (a && b && filter_key(*a) == filter_key(*b)) continue;
      return Contradiction{topic,
                           {one.client_id, a ? a->expression : std::string()},
                           {other.client_id, b ? b->expression : std::string()}};
    }
  }
  return std::nullopt;
}

}  // namespace

void ConsumerGroups::recount(Group& group) {
  const std::string* first = nullptr;
  bool split = false;
  for (const auto& [link, member] : group.members) {
    if (member.wants.empty()) continue;
    if (!first) first = &member.wants;
    split = split || member.wants != *first;
  }
  if (split != group.split) split_groups_.fetch_add(split ? 1 : -1, std::memory_order_relaxed);
  group.split = split;
}

std::vector<std::string> ConsumerGroups::peers(const Link* link, std::string_view group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {};
  const Group& all = found->second;
  const auto asking = all.members.find(link);
  const bool everybody = !all.split || asking == all.members.end() || asking->second.wants.empty();
  std::set<std::string> ids;
  for (const auto& [key, member] : all.members) {
    if (everybody || wants_include(member.wants, asking->second.wants)) {
      ids.insert(member.client_id);
    }
  }
  return {ids.begin(), ids.end()};
}

std::optional<Contradiction> ConsumerGroups::contradiction(std::string_view group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end() || !found->second.split) return std::nullopt;
  std::map<std::string_view, const Member*> by_id;  // in order: the same two are named each time
  for (const auto& [key, member] : found->second.members) {
    if (!member.wants.empty()) by_id[member.client_id] = &member;
  }
  const Member& one = *by_id.begin()->second;
  for (const auto& [id, other] : by_id) {
    if (other->wants != one.wants) return difference(one, *other);
  }
  return std::nullopt;
}

ConsumerGroups::Variants ConsumerGroups::variants(const Link* link, std::string_view group,
                                                  std::string_view topic) const {
  std::lock_guard lock(mutex_);
  Variants variants;
  if (const auto gone = left_.find(link); gone != left_.end()) {
    const auto member = gone->second.find(group);
    if (member != gone->second.end()) variants.own = filter_of(member->second, topic);
  }
  const auto found = groups_.find(group);
  if (found == groups_.end()) return variants;
  std::set<std::string> live;
  for (const auto& [key, member] : found->second.members) {
    if (key == link) variants.member = true;
    auto filter = filter_of(member, topic);
    if (!filter) continue;
    if (key == link) variants.own = filter;
    live.insert(std::move(*filter));
  }
  variants.live.assign(live.begin(), live.end());
  return variants;
}

std::optional<std::string> ConsumerGroups::filter_of(const Member& member, std::string_view topic) {
  if (member.wants.empty()) return std::nullopt;
  if (topic.starts_with(kRetryTopicPrefix)) return member.wants;
  const auto subscription = member.subscriptions.find(topic);
  if (subscription == member.subscriptions.end()) return std::nullopt;
  return filter_key(*subscription->second);
}

std::shared_ptr<const Subscriptions> ConsumerGroups::subscriptions(const Link* link,
                                                                   std::string_view group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return nullptr;
  const auto member = found->second.members.find(link);
  if (member == found->second.members.end()) return nullptr;
  return std::make_shared<const Subscriptions>(member->second.subscriptions);
}

}  // namespace sluice::delivery
