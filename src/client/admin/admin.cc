#include <sluice/admin.h>

#include "client/engine/wait.h"
#include "client/group_admin.h"
#include "client/offsets.h"

namespace sluice {

using client::Core;
using client::GroupAdmin;
using client::MessageQueue;
using client::Offsets;
using client::Task;

namespace {

constexpr std::int32_t kPermRead = 4, kPermWrite = 2;

/// Works with a Cluster of the name servers that are known now, off the client's thread.
template <class Work>
auto with_cluster(Core& core, Work work)
    -> Outcome<typename std::invoke_result_t<Work, client::Cluster&>::value_type> {
  using Servers = std::vector<std::string>;
  auto servers = client::wait_for<Servers>(core, [&](Completion<Servers> done) {
    core.spawn([&core, done = std::move(done)]() mutable {
      return [](Core& c, Completion<Servers> told) -> Task<void> {
        auto found = co_await c.routes().name_servers();
        if (!found) co_return told(client::to_failure(found.error()));
        told(std::move(*found));
      }(core, std::move(done));
    });
  });
  if (!servers) return servers.error();
  client::Cluster cluster(core.remoting(), {.name_servers = std::move(*servers),
                                            .timeout = core.options().request_timeout});
  auto result = work(cluster);
  if (!result) return client::to_failure(result.error());
  if constexpr (std::is_void_v<typename decltype(result)::value_type>) {
    return {};
  } else {
    return std::move(*result);
  }
}

MessageQueue wire_queue(const Core& core, const Queue& queue) {
  return {
      .topic = core.names().wrap(queue.topic), .broker_name = queue.broker, .queue_id = queue.id};
}

Queue own_queue(const Core& core, const MessageQueue& queue) {
  Queue out{queue.topic, queue.broker_name, queue.queue_id};
  core.names().strip(out.topic);
  return out;
}

GroupInfo info_of(const Core& core, client::GroupState state) {
  GroupInfo info{.name = std::move(state.name), .members = {}, .progress = {}};
  core.names().strip(info.name);
  for (client::GroupMember& member : state.members) {
    info.members.push_back({.client_id = std::move(member.client_id),
                            .address = std::move(member.address),
                            .language = std::move(member.language),
                            .subscriptions = std::move(member.subscriptions)});
  }
  for (const client::GroupQueue& one : state.queues) {
    info.progress.push_back({.queue = own_queue(core, one.queue),
                             .owner = one.owner,
                             .committed = one.committed,
                             .end = one.end});
  }
  return info;
}

}  // namespace

Outcome<std::vector<BrokerInfo>> Admin::brokers() {
  return with_cluster(*core_, [](client::Cluster& cluster) -> Result<std::vector<BrokerInfo>> {
    SLUICE_TRY(auto info, cluster.info());
    std::vector<BrokerInfo> all;
    all.reserve(info.brokers.size());
    for (auto& broker : info.brokers) {
      all.push_back({.cluster = std::move(broker.cluster),
                     .name = std::move(broker.broker_name),
                     .addresses = std::move(broker.addresses)});
    }
    return all;
  });
}

Outcome<std::vector<std::string>> Admin::topics() {
  return with_cluster(*core_, [](client::Cluster& cluster) { return cluster.topics(); });
}

Outcome<void> Admin::put_topic(const TopicSettings& topic, const std::string& to) {
  client::TopicConfig config{
      .name = core_->names().wrap(topic.name),
      .read_queues = topic.read_queues,
      .write_queues = topic.write_queues,
      .perm = (topic.readable ? kPermRead : 0) | (topic.writable ? kPermWrite : 0)};
  config.attributes = topic.attributes;
  return with_cluster(*core_,
                      [&](client::Cluster& cluster) { return cluster.put_topic(config, to); });
}

Outcome<void> Admin::delete_topic(const std::string& topic) {
  return with_cluster(*core_, [&](client::Cluster& cluster) {
    return cluster.delete_topic(core_->names().wrap(topic));
  });
}

Outcome<std::vector<QueueRange>> Admin::queues(const std::string& topic) {
  return with_cluster(*core_, [&](client::Cluster& cluster) -> Result<std::vector<QueueRange>> {
    SLUICE_TRY(const auto stats, cluster.topic_stats(core_->names().wrap(topic)));
    std::vector<QueueRange> all;
    for (const client::QueueStats& one : stats) {
      all.push_back(
          {.queue = own_queue(*core_, one.queue),
           .first = one.min_offset,
           .end = one.max_offset,
           .updated = std::chrono::system_clock::time_point(milliseconds(one.last_update_ms))});
    }
    return all;
  });
}

Outcome<std::int64_t> Admin::offset_at(const Queue& queue,
                                       std::chrono::system_clock::time_point time) {
  return with_cluster(*core_, [&](client::Cluster& cluster) {
    return Offsets(cluster).at_time(wire_queue(*core_, queue),
                                    std::chrono::time_point_cast<milliseconds>(time));
  });
}

Outcome<std::map<std::string, int>> Admin::groups() {
  return with_cluster(*core_, [](client::Cluster& cluster) { return GroupAdmin(cluster).list(); });
}

Outcome<GroupInfo> Admin::group(const std::string& group) {
  return with_cluster(*core_, [&](client::Cluster& cluster) -> Result<GroupInfo> {
    SLUICE_TRY(auto state, GroupAdmin(cluster).describe(core_->names().wrap(group)));
    return info_of(*core_, std::move(state));
  });
}

Outcome<void> Admin::delete_group(const std::string& group) {
  return with_cluster(*core_, [&](client::Cluster& cluster) {
    return GroupAdmin(cluster).remove(core_->names().wrap(group));
  });
}

Outcome<std::optional<std::int64_t>> Admin::committed(const std::string& group,
                                                      const Queue& queue) {
  return with_cluster(*core_, [&](client::Cluster& cluster) {
    return Offsets(cluster).committed(core_->names().wrap(group), wire_queue(*core_, queue));
  });
}

Outcome<void> Admin::reset(const std::string& group, const Queue& queue, std::int64_t offset) {
  return with_cluster(*core_, [&](client::Cluster& cluster) {
    return GroupAdmin(cluster).reset(core_->names().wrap(group), wire_queue(*core_, queue), offset);
  });
}

}  // namespace sluice
