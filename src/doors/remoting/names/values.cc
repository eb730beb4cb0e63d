#include "doors/remoting/names/values.h"

namespace sluice::doors {

wire::remoting::BrokerData to_wire(const naming::BrokerData& broker, std::string_view local_host) {
  wire::remoting::BrokerData out{.cluster = broker.cluster,
                                 .broker_name = broker.broker_name,
                                 .addresses = {},
                                 .zone = broker.zone,
                                 .acting_master = broker.enable_acting_master};
  for (const auto& [id, address] : broker.addresses) {
    out.addresses[id] = address.seen_from(local_host);
  }
  return out;
}

wire::remoting::TopicRoute to_wire(const naming::TopicRoute& route, std::string_view local_host) {
  wire::remoting::TopicRoute out{
      .order_conf = route.order_conf.value_or(""), .queues = {}, .brokers = {}};
  for (const naming::QueueData& q : route.queues) {
    out.queues.push_back({.broker_name = q.broker_name,
                          .read_queues = q.read_queues,
                          .write_queues = q.write_queues,
                          .perm = q.perm,
                          .topic_sys_flag = q.sys_flag});
  }
  for (const auto& broker : route.brokers) out.brokers.push_back(to_wire(broker, local_host));
  return out;
}

wire::remoting::ClusterInfo to_wire(const naming::ClusterInfo& info, std::string_view local_host) {
  wire::remoting::ClusterInfo out;
  for (const auto& [name, broker] : info.brokers)
    out.brokers.push_back(to_wire(broker, local_host));
  for (const auto& [cluster, names] : info.clusters) {
    out.clusters[cluster] = {names.begin(), names.end()};
  }
  return out;
}

wire::remoting::TopicList to_wire(naming::TopicList list, std::string_view local_host) {
  wire::remoting::TopicList out{.topics = std::move(list.topics), .broker_address = {}};
  if (!list.broker_address.empty()) out.broker_address = list.broker_address.seen_from(local_host);
  return out;
}

std::vector<naming::TopicEntry> entries_of(const wire::remoting::TopicTable& table) {
  std::vector<naming::TopicEntry> out;
  out.reserve(table.topics.size());
  for (const wire::remoting::TopicConfig& topic : table.topics) {
    out.push_back({.name = topic.name,
                   .read_queues = topic.read_queues,
                   .write_queues = topic.write_queues,
                   .perm = topic.perm,
                   .sys_flag = topic.sys_flag});
  }
  return out;
}

naming::DataVersion from_wire(const wire::remoting::DataVersion& v) {
  return {.state_version = v.state_version, .timestamp = v.timestamp, .counter = v.counter};
}

wire::remoting::DataVersion to_wire(const naming::DataVersion& v) {
  return {.state_version = v.state_version, .timestamp = v.timestamp, .counter = v.counter};
}

}  // namespace sluice::doors
