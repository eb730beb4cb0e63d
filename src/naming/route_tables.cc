// RouteTables: questions and the changes operators make.
#include "naming/route_tables.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <strings.h>

namespace sluice::naming {
namespace {

/// Topics about the members of a broker: their readers want the replicas as they are.
constexpr std::string_view kMemberTopicPrefix = "%SYNC_BROKER_MEMBER_";

bool same_zone(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool left_out(const BrokerData& broker, std::string_view zone) {
  return broker.addresses.contains(kMasterId) && !same_zone(broker.zone, zone);
}

void keep_zone(TopicRoute& route, std::string_view zone) {
  std::set<std::string> removed;
  std::erase_if(route.brokers, [&](const BrokerData& broker) {
    if (!left_out(broker, zone)) return false;
    removed.insert(broker.broker_name);
    return true;
  });
  std::erase_if(route.queues,
                [&](const QueueData& queue) { return removed.contains(queue.broker_name); });
}

template <class Queues>
bool any_flag(const Queues& queues, std::int32_t flag) {
  return std::ranges::any_of(
      queues, [&](const auto& entry) { return (entry.second.sys_flag & flag) != 0; });
}

}  // namespace

Result<TopicRoute> RouteTables::route(std::string_view topic, std::string_view zone) const {
  TopicRoute route;
  {
    std::shared_lock lock(mutex_);
    if (const auto found = topics_.find(topic); found != topics_.end()) {
      for (const auto& [broker_name, queue] : found->second) {
        route.queues.push_back(queue);
        const auto broker = brokers_.find(broker_name);
        if (broker != brokers_.end()) route.brokers.push_back(broker->second);
      }
    }
  }
  if (route.queues.empty() || route.brokers.empty()) {
    return fail(Errc::topic_not_found,
                fmt::format("No topic route info in name server for the topic: {}", topic));
  }
  if (rules_.acting_master && !topic.starts_with(kMemberTopicPrefix)) show_acting_masters(route);
  if (!zone.empty()) keep_zone(route, zone);
  return route;
}

void RouteTables::show_acting_masters(TopicRoute& route) const {
  for (BrokerData& broker : route.brokers) {
    if (broker.addresses.empty() || broker.addresses.contains(kMasterId) ||
        !broker.enable_acting_master) {
      continue;
    }
    const bool read_only = std::ranges::any_of(route.queues, [&](const QueueData& queue) {
      return queue.broker_name == broker.broker_name && (queue.perm & kPermWrite) == 0;
    });
    if (!read_only) continue;
    auto smallest = broker.addresses.extract(broker.addresses.begin());
    smallest.key() = kMasterId;
    broker.addresses.insert(std::move(smallest));
  }
}

ClusterInfo RouteTables::cluster_info() const {
  std::shared_lock lock(mutex_);
  return {.brokers = {brokers_.begin(), brokers_.end()},
          .clusters = {clusters_.begin(), clusters_.end()}};
}

TopicList RouteTables::topics_where(
    const std::function<bool(const QueuesByBroker&)>& wanted) const {
  TopicList list;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [topic, queues] : topics_) {
      if (wanted(queues)) list.topics.push_back(topic);
    }
  }
  std::ranges::sort(list.topics);
  return list;
}

TopicList RouteTables::topics() const {
  return topics_where([](const QueuesByBroker&) { return true; });
}

TopicList RouteTables::topics_of_cluster(std::string_view cluster) const {
  return topics_where([&](const QueuesByBroker& queues) {
    const auto members = clusters_.find(cluster);  // the lock is held
    return members != clusters_.end() && std::ranges::any_of(queues, [&](const auto& entry) {
             return members->second.contains(entry.first);
           });
  });
}

TopicList RouteTables::system_topics() const {
  std::shared_lock lock(mutex_);
  std::set<std::string> names;
  for (const auto& [cluster, members] : clusters_) {
    names.insert(cluster);
    names.insert(members.begin(), members.end());
  }
  TopicList list{.topics = {names.begin(), names.end()}};
  for (const auto& [name, broker] : brokers_) {
    if (broker.addresses.empty()) continue;
    list.broker_address = broker.addresses.begin()->second;
    break;
  }
  return list;
}

TopicList RouteTables::unit_topics() const {
  return topics_where([](const auto& queues) { return any_flag(queues, kUnitFlag); });
}

TopicList RouteTables::unit_sub_topics() const {
  return topics_where([](const auto& queues) { return any_flag(queues, kUnitSubFlag); });
}

TopicList RouteTables::unit_sub_without_unit_topics() const {
  return topics_where([](const auto& queues) {
    return any_flag(queues, kUnitSubFlag) && !any_flag(queues, kUnitFlag);
  });
}

BrokerData RouteTables::member_group(std::string_view cluster, std::string_view broker_name) const {
  std::shared_lock lock(mutex_);
  const auto found = brokers_.find(broker_name);
  if (found != brokers_.end()) return found->second;
  return {.cluster = std::string(cluster), .broker_name = std::string(broker_name)};
}

template <class Change>
std::size_t RouteTables::change_perms(std::string_view broker_name, Change change) {
  std::unique_lock lock(mutex_);
  std::size_t count = 0;
  for (auto& [topic, queues] : topics_) {
    const auto data = queues.find(broker_name);
    if (data == queues.end()) continue;
    data->second.perm = change(data->second.perm);
    ++count;
  }
  return count;
}

std::size_t RouteTables::wipe_write_perm(std::string_view broker_name) {
  return change_perms(broker_name, [](std::int32_t perm) { return perm & ~kPermWrite; });
}

std::size_t RouteTables::add_write_perm(std::string_view broker_name) {
  return change_perms(broker_name, [](std::int32_t) { return kPermRead | kPermWrite; });
}

void RouteTables::remove_topic(std::string_view topic, std::string_view cluster) {
  std::unique_lock lock(mutex_);
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  if (!cluster.empty()) {
    const auto members = clusters_.find(cluster);
    if (members == clusters_.end()) return;
    for (const std::string& broker : members->second) found->second.erase(broker);
    if (!found->second.empty()) return;
  }
  topics_.erase(found);
}

Result<void> RouteTables::register_topic(std::string_view topic,
                                         const std::vector<QueueData>& queues) {
  std::unique_lock lock(mutex_);
  for (const QueueData& queue : queues) {
    if (brokers_.contains(queue.broker_name)) continue;
    return fail(Errc::not_found,
                fmt::format("topic {} cannot be registered: broker {} is not registered here",
                            topic, queue.broker_name));
  }
  if (queues.empty()) return {};
  QueuesByBroker& known = topics_[std::string(topic)];
  for (const QueueData& queue : queues) known.insert_or_assign(queue.broker_name, queue);
  return {};
}

}  // namespace sluice::naming
