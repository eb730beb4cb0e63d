#include "app/cli/topic_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/table.h"
#include "app/cli/text.h"

namespace sluice::app {
namespace {

using client::Cluster;
using json = nlohmann::ordered_json;

struct PermRow {
  std::string_view word;
  std::int32_t bits;
};
constexpr PermRow kPerms[] = {{"-", 0}, {"w", 2}, {"r", 4}, {"rw", 6}};

using Attributes = std::map<std::string, std::string>;

/// Of the first broker that answers; brokers have the same unless somebody changed one of them.
Attributes attributes_of(Cluster& cluster, const client::TopicRoute& route,
                         const std::string& topic) {
  for (const client::QueueData& data : route.queues) {
    const auto address = cluster.broker_address(topic, data.broker_name);
    if (!address) continue;
    if (auto config = cluster.topic_config(topic, *address)) return std::move(config->attributes);
  }
  return {};
}

json as_json(const client::TopicRoute& route, const std::vector<client::QueueStats>& stats,
             const Attributes& attributes, const std::string& topic) {
  json out{{"topic", topic},
           {"attributes", attributes},
           {"brokers", json::array()},
           {"queues", json::array()}};
  for (const client::QueueData& data : route.queues) {
    out["brokers"].push_back({{"broker", data.broker_name},
                              {"readQueues", data.read_queues},
                              {"writeQueues", data.write_queues},
                              {"perm", perm_word(data.perm)}});
  }
  for (const client::QueueStats& row : stats) {
    out["queues"].push_back({{"broker", row.queue.broker_name},
                             {"queue", row.queue.queue_id},
                             {"first", row.min_offset},
                             {"next", row.max_offset},
                             {"messages", row.max_offset - row.min_offset},
                             {"lastStored", row.last_update_ms}});
  }
  return out;
}

}  // namespace

std::int32_t perm_bits(std::string_view word) {
  return std::ranges::find(kPerms, word, &PermRow::word)->bits;
}

std::string_view perm_word(std::int32_t bits) {
  return std::ranges::find(kPerms, bits & 6, &PermRow::bits)->word;
}

Result<void> describe_topic(Cluster& cluster, const std::string& topic, bool as_json_text) {
  SLUICE_TRY(const client::TopicRoute route, cluster.route(topic));
  SLUICE_TRY(const auto stats, cluster.topic_stats(topic));
  const Attributes attributes = attributes_of(cluster, route, topic);
  if (as_json_text) {
    fmt::print("{}\n", json_text(as_json(route, stats, attributes, topic)));
    return {};
  }
  for (const auto& [key, value] : attributes) fmt::print("{} = {}\n", key, value);
  if (!attributes.empty()) fmt::print("\n");
  Table brokers({{"BROKER"},
                 {"ADDRESS"},
                 {"READ QUEUES", Table::Align::right},
                 {"WRITE QUEUES", Table::Align::right},
                 {"PERM"}});
  for (const client::QueueData& data : route.queues) {
    const auto address = cluster.broker_address(topic, data.broker_name);
    brokers.row({data.broker_name, address ? *address : "-", std::to_string(data.read_queues),
                 std::to_string(data.write_queues), std::string(perm_word(data.perm))});
  }
  Table queues({{"BROKER"},
                {"QUEUE", Table::Align::right},
                {"FIRST", Table::Align::right},
                {"NEXT", Table::Align::right},
                {"MESSAGES", Table::Align::right},
                {"LAST STORED"}});
  std::int64_t messages = 0;
  for (const client::QueueStats& row : stats) {
    messages += row.max_offset - row.min_offset;
    queues.row({row.queue.broker_name, std::to_string(row.queue.queue_id),
                std::to_string(row.min_offset), std::to_string(row.max_offset),
                std::to_string(row.max_offset - row.min_offset), time_text(row.last_update_ms)});
  }
  fmt::print("{}\n{}\n{} messages in {} queues\n", brokers.text(), queues.text(), messages,
             stats.size());
  return {};
}

}  // namespace sluice::app
