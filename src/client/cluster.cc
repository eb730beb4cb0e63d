#include "client/cluster.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "net/address.h"
#include "wire/json/reader.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::client {

using namespace wire::remoting;
namespace json = wire::json;

namespace {

constexpr std::int32_t kPermRead = 4;

bool unreachable(const Error& error) {
  return error.code() == Errc::closed || error.code() == Errc::timed_out;
}

bool before(const MessageQueue& a, const MessageQueue& b) {
  return std::tie(a.broker_name, a.queue_id) < std::tie(b.broker_name, b.queue_id);
}

Result<std::vector<QueueStats>> read_stats(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  std::vector<QueueStats> stats;
  for (const auto& [key, row] : json::object(value, "offsetTable").items()) {
    SLUICE_TRY(const json::Value queue, json::parse(key));
    stats.push_back({.queue = read_message_queue(queue),
                     .min_offset = json::integer(row, "minOffset"),
                     .max_offset = json::integer(row, "maxOffset"),
                     .last_update_ms = json::integer(row, "lastUpdateTimestamp")});
  }
  return stats;
}

}  // namespace

Result<std::vector<std::string>> parse_name_servers(std::string_view text) {
  std::vector<std::string> servers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(";, "), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    SLUICE_TRY(const net::Endpoint endpoint, net::parse_endpoint(part));
    static_cast<void>(endpoint);
    servers.emplace_back(part);
  }
  if (servers.empty()) {
    return fail(Errc::invalid_argument,
                "no name server given; expected host:port, several with ';' between them");
  }
  return servers;
}

Cluster::Cluster(Remoting& remoting, ClusterOptions options)
    : remoting_(remoting), options_(std::move(options)) {}

template <class Request>
Result<Answer> Cluster::ask_name_server(const Request& request) {
  std::vector<std::string> reasons;
  for (const std::string& server : options_.name_servers) {
    auto answer = remoting_.call(server, request, {}, options_.timeout);
    if (!answer && unreachable(answer.error())) {
      reasons.emplace_back(answer.error().remark());
      continue;
    }
    if (answer) SLUICE_CHECK(check(*answer));
    return answer;
  }
  return fail(Errc::closed,
              fmt::format("no name server can be reached: {}", fmt::join(reasons, "; ")));
}

Result<TopicRoute> Cluster::route(const std::string& topic) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = routes_.find(topic); known != routes_.end()) return known->second;
  }
  GetRoute request;
  request.topic = topic;
  request.standard_json = true;
  SLUICE_TRY(const Answer answer, ask_name_server(request));
  SLUICE_TRY(TopicRoute route, TopicRoute::decode(answer.command.body));
  const std::lock_guard lock(mutex_);
  return routes_[topic] = std::move(route);
}

void Cluster::forget_route(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  routes_.erase(topic);
}

Result<ClusterInfo> Cluster::info() {
  SLUICE_TRY(const Answer answer, ask_name_server(GetClusterInfo{}));
  return ClusterInfo::decode(answer.command.body);
}

Result<std::vector<std::string>> Cluster::topics() {
  SLUICE_TRY(const Answer answer, ask_name_server(GetAllTopicsFromNames{}));
  SLUICE_TRY(TopicList list, TopicList::decode(answer.command.body));
  std::ranges::sort(list.topics);
  return std::move(list.topics);
}

std::vector<std::string> Cluster::masters(const ClusterInfo& info,
                                          const std::string& cluster) const {
  std::vector<std::string> addresses;
  for (const BrokerData& broker : info.brokers) {
    const auto master = broker.addresses.find(0);
    if (master == broker.addresses.end()) continue;
    if (cluster.empty() || broker.cluster == cluster) addresses.push_back(master->second);
  }
  return addresses;
}

Result<void> Cluster::put_topic(const TopicConfig& topic, const std::string& cluster) {
  SLUICE_TRY(const ClusterInfo cluster_info, info());
  const std::vector<std::string> brokers = masters(cluster_info, cluster);
  if (brokers.empty()) {
    std::vector<std::string_view> names;
    names.reserve(cluster_info.clusters.size());
    for (const auto& [name, members] : cluster_info.clusters) names.push_back(name);
    return fail(Errc::not_found, fmt::format("no master broker in cluster '{}'; clusters: {}",
                                             cluster, fmt::join(names, ", ")));
  }
  PutTopic request;
  request.topic = topic.name;
  request.read_queues = topic.read_queues;
  request.write_queues = topic.write_queues;
  request.perm = topic.perm;
  request.filter_type = topic.filter_type;
  request.sys_flag = topic.sys_flag;
  request.order = topic.order;
  std::string attributes;
  for (const auto& [key, value] : topic.attributes) {
    attributes += fmt::format("{}+{}={}", attributes.empty() ? "" : ",", key, value);
  }
  request.attributes = attributes;
  for (const std::string& broker : brokers) {
    SLUICE_TRY(const Answer answer, ask(remoting_, broker, request, {}, options_.timeout));
    static_cast<void>(answer);
  }
  forget_route(topic.name);
  return {};
}

Result<void> Cluster::delete_topic(const std::string& topic) {
  forget_route(topic);
  SLUICE_TRY(const TopicRoute known, route(topic));
  DeleteTopic at_broker;
  at_broker.topic = topic;
  for (const BrokerData& broker : known.brokers) {
    const auto master = broker.addresses.find(0);
    if (master == broker.addresses.end()) continue;
    SLUICE_TRY(const Answer answer,
               ask(remoting_, master->second, at_broker, {}, options_.timeout));
    static_cast<void>(answer);
  }
  DeleteTopicInNames at_names;
  at_names.topic = topic;
  for (const std::string& server : options_.name_servers) {
    SLUICE_TRY(const Answer answer, ask(remoting_, server, at_names, {}, options_.timeout));
    static_cast<void>(answer);
  }
  forget_route(topic);
  return {};
}

Result<TopicConfig> Cluster::topic_config(const std::string& topic,
                                          const std::string& broker_address) {
  GetTopicConfig request;
  request.topic = topic;
  SLUICE_TRY(const Answer answer, ask(remoting_, broker_address, request, {}, options_.timeout));
  SLUICE_TRY(const json::Value value, json::parse(as_text(answer.command.body)));
  return read_topic_config(value);
}

Result<std::vector<QueueStats>> Cluster::topic_stats(const std::string& topic) {
  SLUICE_TRY(const TopicRoute known, route(topic));
  std::vector<QueueStats> all;
  GetTopicStats request;
  request.topic = topic;
  for (const QueueData& queues : known.queues) {
    SLUICE_TRY(const std::string address, broker_address(topic, queues.broker_name));
    SLUICE_TRY(const Answer answer, ask(remoting_, address, request, {}, options_.timeout));
    SLUICE_TRY(const std::vector<QueueStats> stats, read_stats(answer.command.body));
    all.insert(all.end(), stats.begin(), stats.end());
  }
  std::ranges::sort(all, before, &QueueStats::queue);
  return all;
}

Result<std::vector<MessageQueue>> Cluster::readable_queues(const std::string& topic) {
  SLUICE_TRY(const TopicRoute known, route(topic));
  std::vector<MessageQueue> queues;
  for (const QueueData& data : known.queues) {
    if ((data.perm & kPermRead) == 0) continue;
    for (std::int32_t id = 0; id < data.read_queues; ++id) {
      queues.push_back({.topic = topic, .broker_name = data.broker_name, .queue_id = id});
    }
  }
  std::ranges::sort(queues, before);
  return queues;
}

Result<std::string> Cluster::broker_address(const std::string& topic,
                                            const std::string& broker_name) {
  SLUICE_TRY(const TopicRoute known, route(topic));
  const auto broker = std::ranges::find(known.brokers, broker_name, &BrokerData::broker_name);
  if (broker == known.brokers.end() || broker->addresses.empty()) {
    return fail(Errc::not_found,
                fmt::format("broker {} of topic {} is not registered", broker_name, topic));
  }
  return broker->addresses.begin()->second;
}

}  // namespace sluice::client
