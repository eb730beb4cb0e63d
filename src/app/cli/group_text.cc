#include "app/cli/group_text.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "app/cli/table.h"

namespace sluice::app {
namespace {

using client::GroupMember;
using client::GroupQueue;
using client::GroupState;
using json = nlohmann::ordered_json;

/// Of 4.5.0. From there each release counts two, as each has a snapshot before it, and each minor
/// version has ten releases; 4.9 is followed by 5.0 (apache/rocketmq common/MQVersion.java).
constexpr std::int32_t kFirstVersion = 313, kPerMinor = 20, kMinorsOf4 = 5, kLastVersion = 611;

/// Age of the oldest message that is not consumed; 0 when nothing is left to consume; nothing when
/// it is not known.
std::optional<std::int64_t> lag_ms(const GroupQueue& queue, WallTime now) {
  if (!queue.unread_since) return std::nullopt;
  if (*queue.unread_since == 0)
    return queue.lag() == 0 ? std::optional<std::int64_t>(0) : std::nullopt;
  return std::max<std::int64_t>(unix_ms(now) - *queue.unread_since, 0);
}

std::string seconds_text(std::optional<std::int64_t> ms) {
  return ms ? std::to_string((*ms + 999) / 1000) : "-";
}

std::string subscriptions_text(const GroupMember& member) {
  std::vector<std::string> texts;
  for (const auto& [topic, expression] : member.subscriptions) {
    if (!topic.starts_with("%RETRY%")) texts.push_back(fmt::format("{}: {}", topic, expression));
  }
  return texts.empty() ? "-" : fmt::format("{}", fmt::join(texts, "; "));
}

std::string members_text(const GroupState& group) {
  Table table({{"CLIENT"}, {"ADDRESS"}, {"LANGUAGE"}, {"VERSION"}, {"SUBSCRIPTION"}});
  for (const GroupMember& m : group.members) {
    table.row(
        {m.client_id, m.address, m.language, client_version(m.version), subscriptions_text(m)});
  }
  return table.text();
}

std::string queues_text(const GroupState& group, WallTime now) {
  Table table({{"TOPIC"},
               {"BROKER"},
               {"QUEUE", Table::Align::right},
               {"COMMITTED", Table::Align::right},
               {"END", Table::Align::right},
               {"LAG", Table::Align::right},
               {"LAG SECONDS", Table::Align::right},
               {"OWNER"}});
  for (const GroupQueue& q : group.queues) {
    table.row({q.queue.topic, q.queue.broker_name, std::to_string(q.queue.queue_id),
               std::to_string(q.committed), std::to_string(q.end), std::to_string(q.lag()),
               seconds_text(lag_ms(q, now)), q.owner.empty() ? "-" : q.owner});
  }
  return table.text();
}

std::string differences_text(const GroupState& group) {
  std::string text;
  for (const auto& difference : group.differences()) {
    text += fmt::format("\nMembers differ in topic {}:\n", difference.topic);
    for (const auto& [expression, clients] : difference.filters) {
      text += fmt::format("  {}: {}\n", expression.empty() ? "(not subscribed)" : expression,
                          fmt::join(clients, ", "));
    }
  }
  return text;
}

}  // namespace

std::string client_version(std::int32_t version) {
  const std::int32_t after = version - kFirstVersion;
  if (after < 0 || after % 2 != 0 || version > kLastVersion) return std::to_string(version);
  const std::int32_t minors = after / kPerMinor;
  const bool four = minors < kMinorsOf4;
  return fmt::format("{}.{}.{}", four ? 4 : 5, four ? minors + 5 : minors - kMinorsOf4,
                     after % kPerMinor / 2);
}

std::string group_text(const GroupState& group, WallTime now) {
  std::int64_t lag = 0;
  std::optional<std::int64_t> oldest;
  for (const GroupQueue& q : group.queues) {
    lag += q.lag();
    oldest = std::max(oldest, lag_ms(q, now));
  }
  std::string text =
      group.members.empty()
          ? fmt::format("group {}: nobody is online\n\n", group.name)
          : fmt::format("group {}: {} member(s), {}, {}\n\n{}\n", group.name, group.members.size(),
                        group.model, group.type, members_text(group));
  text += queues_text(group, now);
  text += fmt::format("\n{} messages behind in {} queues, the oldest of them {} seconds old\n", lag,
                      group.queues.size(), seconds_text(oldest));
  return text + differences_text(group);
}

json group_json(const GroupState& group, WallTime now) {
  json out{{"group", group.name},      {"model", group.model},           {"type", group.type},
           {"members", json::array()}, {"queues", json::array()},        {"lag", 0},
           {"lagMs", nullptr},         {"contradictions", json::array()}};
  for (const GroupMember& m : group.members) {
    out["members"].push_back({{"client", m.client_id},
                              {"address", m.address},
                              {"language", m.language},
                              {"version", client_version(m.version)},
                              {"subscriptions", m.subscriptions}});
  }
  std::int64_t lag = 0;
  std::optional<std::int64_t> oldest;
  for (const GroupQueue& q : group.queues) {
    lag += q.lag();
    const auto ms = lag_ms(q, now);
    oldest = std::max(oldest, ms);
    out["queues"].push_back({{"topic", q.queue.topic},
                             {"broker", q.queue.broker_name},
                             {"queue", q.queue.queue_id},
                             {"owner", q.owner.empty() ? json() : json(q.owner)},
                             {"committed", q.committed},
                             {"end", q.end},
                             {"lag", q.lag()},
                             {"lagMs", ms ? json(*ms) : json()}});
  }
  out["lag"] = lag;
  out["lagMs"] = oldest ? json(*oldest) : json();
  for (const auto& difference : group.differences()) {
    json filters = json::array();
    for (const auto& [expression, clients] : difference.filters) {
      filters.push_back(
          {{"expression", expression.empty() ? json() : json(expression)}, {"clients", clients}});
    }
    out["contradictions"].push_back({{"topic", difference.topic}, {"filters", filters}});
  }
  return out;
}

}  // namespace sluice::app
