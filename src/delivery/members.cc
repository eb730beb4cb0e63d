#include "delivery/members.h"

#include <algorithm>
#include <set>

namespace sluice::delivery {
namespace {

bool same_filter(const Subscription& a, const Subscription& b) {
  return a.type == b.type && a.expression == b.expression && a.codes == b.codes;
}

/// Replaces `current` by what the heartbeat brings; a subscription older than the one known stays
/// out. True when topics or filters differ.
bool replace(Subscriptions& current, std::vector<Subscription>&& fresh) {
  Subscriptions next;
  bool changed = false;
  for (Subscription& subscription : fresh) {
    const auto known = current.find(subscription.topic);
    const bool older = known != current.end() && subscription.version < known->second->version;
    if (known == current.end() || (!older && !same_filter(*known->second, subscription))) {
      changed = true;
    }
    std::string topic = subscription.topic;
    next.insert_or_assign(
        std::move(topic),
        older ? known->second : std::make_shared<const Subscription>(std::move(subscription)));
  }
  changed = changed || next.size() != current.size();
  current = std::move(next);
  return changed;
}

}  // namespace

bool ConsumerGroups::update(Member& member, Hello&& hello) {
  member.client_id = std::move(hello.client_id);
  member.address = std::move(hello.address);
  member.language = std::move(hello.language);
  member.version = hello.version;
  member.type = hello.type;
  member.model = hello.model;
  member.from_where = std::move(hello.from_where);
  const bool changed = replace(member.subscriptions, std::move(hello.subscriptions));
  member.wants.clear();
  if (member.model == MessageModel::clustering) member.wants = wants_key(member.subscriptions);
  return changed;
}

bool ConsumerGroups::hello(const std::shared_ptr<Link>& link, Hello hello, SteadyTime now) {
  Links links;
  const std::string group_name = hello.group;
  {
    std::lock_guard lock(mutex_);
    Group& group = groups_[group_name];
    group.model = hello.model;
    group.notify = hello.notify;
    auto [place, fresh] = group.members.try_emplace(link.get());
    Member& member = place->second;
    const bool renamed = member.client_id != hello.client_id;
    const bool changed = update(member, std::move(hello));
    member.seen = now;
    member.link = link;
    if (!fresh && !renamed && !changed) return false;
    recount(group);
    links = links_of(group);
  }
  tell(links, group_name);
  return true;
}

bool ConsumerGroups::refresh(const Link* link, SteadyTime now) {
  std::lock_guard lock(mutex_);
  bool known = false;
  for (auto& [name, group] : groups_) {
    const auto member = group.members.find(link);
    if (member == group.members.end()) continue;
    member->second.seen = now;
    known = true;
  }
  return known;
}

ConsumerGroups::GroupTable::iterator ConsumerGroups::after_leave(GroupTable::iterator group,
                                                                 std::vector<Notice>& notices) {
  recount(group->second);
  if (group->second.members.empty()) return groups_.erase(group);
  notices.push_back({group->first, links_of(group->second)});
  return std::next(group);
}

void ConsumerGroups::leave(const Link* link, std::string_view group) {
  std::vector<Notice> notices;
  {
    std::lock_guard lock(mutex_);
    const auto found = groups_.find(group);
    if (found == groups_.end()) return;
    auto member = found->second.members.extract(link);
    if (!member) return;
    left_[link].insert_or_assign(std::string(group), std::move(member.mapped()));
    after_leave(found, notices);
  }
  for (const Notice& notice : notices) tell(notice.links, notice.group);
}

void ConsumerGroups::disconnected(const Link* link) {
  std::vector<Notice> notices;
  {
    std::lock_guard lock(mutex_);
    left_.erase(link);
    for (auto group = groups_.begin(); group != groups_.end();) {
      group =
          group->second.members.erase(link) > 0 ? after_leave(group, notices) : std::next(group);
    }
  }
  for (const Notice& notice : notices) tell(notice.links, notice.group);
}

int ConsumerGroups::expire(SteadyTime now, milliseconds silence) {
  std::vector<Notice> notices;
  std::size_t gone = 0;
  {
    std::lock_guard lock(mutex_);
    for (auto group = groups_.begin(); group != groups_.end();) {
      const std::size_t left = std::erase_if(
          group->second.members,
          [now, silence](const auto& member) { return member.second.seen + silence < now; });
      gone += left;
      group = left > 0 ? after_leave(group, notices) : std::next(group);
    }
  }
  for (const Notice& notice : notices) tell(notice.links, notice.group);
  return static_cast<int>(gone);
}

std::vector<std::string> ConsumerGroups::client_ids(std::string_view group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {};
  // A client that has reconnected may be here twice until its old connection is found dead.
  std::set<std::string> ids;
  for (const auto& [link, member] : found->second.members) ids.insert(member.client_id);
  return {ids.begin(), ids.end()};
}

std::vector<Member> ConsumerGroups::members(std::string_view group) const {
  std::lock_guard lock(mutex_);
  std::vector<Member> all;
  const auto found = groups_.find(group);
  if (found == groups_.end()) return all;
  for (const auto& [link, member] : found->second.members) all.push_back(member);
  return all;
}

std::optional<MessageModel> ConsumerGroups::model(std::string_view group) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return std::nullopt;
  return found->second.model;
}

std::vector<std::string> ConsumerGroups::groups() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, group] : groups_) names.push_back(name);
  return names;
}

std::vector<std::string> ConsumerGroups::groups_of_topic(std::string_view topic) const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, group] : groups_) {
    const bool subscribed = std::ranges::any_of(group.members, [topic](const auto& member) {
      return member.second.subscriptions.contains(topic);
    });
    if (subscribed) names.push_back(name);
  }
  return names;
}

std::shared_ptr<Link> ConsumerGroups::link_of(std::string_view group,
                                              std::string_view client_id) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return nullptr;
  std::shared_ptr<Link> newest;
  SteadyTime seen = SteadyTime::min();
  for (const auto& [key, member] : found->second.members) {
    if (member.client_id != client_id || member.seen < seen) continue;
    if (auto link = member.link.lock()) newest = std::move(link), seen = member.seen;
  }
  return newest;
}

ConsumerGroups::Found ConsumerGroups::subscription(const Link* link, std::string_view group,
                                                   std::string_view topic) const {
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return {};
  const Group& members = found->second;
  Found result{Lookup::no_topic, nullptr, members.model};
  const auto consider = [&result, topic](const Member& member) {
    const auto known = member.subscriptions.find(topic);
    if (known == member.subscriptions.end()) return;
    if (result.subscription && result.subscription->version >= known->second->version) return;
    result.lookup = Lookup::found;
    result.subscription = known->second;
  };
  const auto asking = members.members.find(link);
  if (asking != members.members.end()) {
    result.model = asking->second.model;
    consider(asking->second);
  } else {
    for (const auto& [key, member] : members.members) consider(member);
  }
  return result;
}

void ConsumerGroups::tell(const Links& links, std::string_view group) {
  for (const auto& link : links) link->members_changed(group);
}

ConsumerGroups::Links ConsumerGroups::links_of(const Group& group) {
  Links links;
  if (group.model == MessageModel::broadcasting || !group.notify) return links;
  for (const auto& [key, member] : group.members) {
    if (auto link = member.link.lock()) links.push_back(std::move(link));
  }
  return links;
}

}  // namespace sluice::delivery
