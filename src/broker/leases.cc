#include "broker/leases.h"

#include <algorithm>

namespace sluice::broker {

std::shared_ptr<GroupLeases> Leases::find(std::string_view group, std::string_view topic) const {
  const std::scoped_lock lock(mutex_);
  const auto found = groups_.find({std::string(group), std::string(topic)});
  return found == groups_.end() ? nullptr : found->second;
}

std::shared_ptr<GroupLeases> Leases::find_or_create(std::string_view group,
                                                    std::string_view topic) {
  const std::scoped_lock lock(mutex_);
  auto& leases = groups_[{std::string(group), std::string(topic)}];
  if (!leases) leases = std::make_shared<GroupLeases>(group, topic);
  return leases;
}

std::vector<std::shared_ptr<GroupLeases>> Leases::all() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<GroupLeases>> all;
  all.reserve(groups_.size());
  for (const auto& [name, group] : groups_) all.push_back(group);
  return all;
}

template <class Which>
void Leases::remove_if(Which which) {
  for (const auto& group : all()) {
    const std::scoped_lock lock(group->mutex);
    if (which(Name(group->group, group->topic))) group->removed = true;
  }
  const std::scoped_lock lock(mutex_);
  const auto removed =
      std::erase_if(groups_, [&](const auto& entry) { return which(entry.first); });
  std::erase_if(due_,
                [&](const Due& due) { return which(Name(due.group->group, due.group->topic)); });
  version_.fetch_add(removed, std::memory_order_relaxed);
}

void Leases::remove_group(std::string_view group) {
  remove_if([group](const Name& name) { return name.first == group; });
}

void Leases::remove_topic(std::string_view topic) {
  remove_if([topic](const Name& name) { return name.second == topic; });
}

void Leases::unschedule(const std::shared_ptr<GroupLeases>& group) {
  if (group->scheduled) due_.erase({*group->scheduled, group});
  group->scheduled.reset();
}

void Leases::schedule(const std::shared_ptr<GroupLeases>& group) {
  version_.fetch_add(1, std::memory_order_relaxed);
  std::optional<WallTime> next;
  for (const auto& [id, queue] : group->queues) {
    const auto deadline = queue.state.next_deadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  if (next == group->scheduled) return;
  bool sooner = false;
  {
    const std::scoped_lock lock(mutex_);
    unschedule(group);
    if (next) {
      sooner = due_.empty() || *next < due_.begin()->time;
      due_.insert({*next, group});
      group->scheduled = next;
    }
  }
  if (sooner && on_sooner_) on_sooner_();
}

std::optional<WallTime> Leases::next_deadline() const {
  const std::scoped_lock lock(mutex_);
  if (due_.empty()) return std::nullopt;
  return due_.begin()->time;
}

std::vector<std::shared_ptr<GroupLeases>> Leases::expire(WallTime now) {
  std::vector<std::shared_ptr<GroupLeases>> groups;
  {
    const std::scoped_lock lock(mutex_);
    for (const Due& due : due_) {
      if (due.time > now) break;
      groups.push_back(due.group);
    }
  }
  std::erase_if(groups, [&](const auto& group) {
    const std::scoped_lock lock(group->mutex);
    std::size_t ready = 0;
    for (auto& [id, queue] : group->queues) ready += queue.state.expire(now);
    schedule(group);
    return ready == 0;
  });
  return groups;
}

void Leases::apply_filter(const LeaseChange& change) {
  const auto group = find_or_create(change.group, change.topic);
  auto parsed = delivery::parse_subscription(change.topic, change.filter, change.filter_type, 0);
  if (!parsed) return;  // a filter that this version does not know
  std::shared_ptr<const delivery::Subscription> subscription;
  if (!parsed->wants_all()) {
    subscription = std::make_shared<const delivery::Subscription>(std::move(*parsed));
  }
  const std::scoped_lock lock(group->mutex);
  group->filters.push_back({group->next_filter++, std::move(subscription), {}});
}

void Leases::apply(const LeaseChange& change) {
  if (change.kind == LeaseChange::Kind::filter) return apply_filter(change);
  if (change.kind == LeaseChange::Kind::clock) {
    return clock_.known({change.lease.stamp, change.lease.deadline});
  }
  clock_.known(change.lease.stamp);
  const auto group = find_or_create(change.group, change.topic);
  const std::scoped_lock lock(group->mutex);
  auto queue = group->queues.find(change.queue);
  if (queue == group->queues.end()) {
    if (change.kind == LeaseChange::Kind::finished) return;  // of a lease nobody knows
    queue = group->queues.try_emplace(change.queue, change.next).first;
  }
  broker::apply(change, queue->second.state);
  queue->second.reported = queue->second.state.floor();
}

void Leases::snapshot(Buffer& to) const {
  if (const auto note = clock_.note()) encode(*note, to);
  for (const auto& group : all()) {
    const std::scoped_lock lock(group->mutex);
    LeaseChange names;
    names.group = group->group;
    names.topic = group->topic;
    for (const KnownFilter& filter : group->filters) {
      names.kind = LeaseChange::Kind::filter;
      names.filter_type = filter.subscription ? std::string_view(filter.subscription->type) : "TAG";
      names.filter = filter.subscription ? std::string_view(filter.subscription->expression) : "*";
      encode(names, to);
    }
    for (const auto& [id, queue] : group->queues) {
      names.queue = id;
      encode_state(queue.state, names, to);
    }
  }
}

}  // namespace sluice::broker
