#include "app/cli/live_view.h"

#include <algorithm>
#include <ranges>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/table.h"
#include "app/cli/text.h"

namespace sluice::app {
namespace {

using json = nlohmann::ordered_json;

double per_second(std::int64_t before, std::int64_t now, const LiveSample& from,
                  const LiveSample& to) {
  const double seconds = std::chrono::duration<double>(to.at - from.at).count();
  if (seconds <= 0 || now < before) return 0;  // a topic made anew, progress sent back
  return static_cast<double>(now - before) / seconds;
}

std::int64_t seconds_behind(const LiveGroup& group, WallTime wall) {
  const std::int64_t since = group.unread_since.value_or(0);
  return since <= 0 ? 0 : std::max<std::int64_t>(0, (unix_ms(wall) - since) / 1'000);
}

template <class Map>
struct Rated {
  const typename Map::value_type* row;
  double rate;
};

/// The busiest first, then those that are furthest behind or hold most, then by name.
template <class Map, class Count, class Weight>
std::vector<Rated<Map>> rated(const Map& before, const Map& now, const LiveSample& from,
                              const LiveSample& to, Count count, Weight weight) {
  std::vector<Rated<Map>> rows;
  for (const auto& row : now) {
    const auto found = before.find(row.first);
    const double rate =
        found == before.end() ? 0 : per_second(count(found->second), count(row.second), from, to);
    rows.push_back({&row, rate});
  }
  std::ranges::sort(rows, {}, [&](const auto& r) {
    return std::tuple(-r.rate, -weight(r.row->second), r.row->first);
  });
  return rows;
}

auto rated_topics(const LiveSample& before, const LiveSample& now) {
  return rated(
      before.topics, now.topics, before, now, [](const LiveTopic& t) { return t.end; },
      [](const LiveTopic& t) { return t.messages; });
}

auto rated_groups(const LiveSample& before, const LiveSample& now) {
  return rated(
      before.groups, now.groups, before, now, [](const LiveGroup& g) { return g.consumed; },
      [](const LiveGroup& g) { return g.lag; });
}

std::string left_out(std::size_t all, std::size_t rows) {
  return all > rows ? fmt::format("... and {} more\n", all - rows) : std::string();
}

}  // namespace

std::string live_text(const LiveSample& before, const LiveSample& now, WallTime wall,
                      std::size_t rows) {
  constexpr auto kRight = Table::Align::right;
  const auto topics = rated_topics(before, now);
  const auto groups = rated_groups(before, now);
  double in = 0, out = 0;
  for (const auto& [row, rate] : topics) in += rate;
  for (const auto& [row, rate] : groups) out += rate;
  Table topic_table({{"TOPIC"}, {"QUEUES", kRight}, {"MESSAGES", kRight}, {"IN/S", kRight}});
  for (const auto& [row, rate] : topics | std::views::take(rows)) {
    const auto& [name, topic] = *row;
    topic_table.row({name, std::to_string(topic.queues), std::to_string(topic.messages),
                     fmt::format("{:.0f}", rate)});
  }
  Table group_table({{"GROUP"},
                     {"TOPIC"},
                     {"MEMBERS", kRight},
                     {"LAG", kRight},
                     {"BEHIND", kRight},
                     {"OUT/S", kRight}});
  for (const auto& [row, rate] : groups | std::views::take(rows)) {
    const auto& [name, group] = *row;
    group_table.row({name.first, name.second, std::to_string(group.members),
                     std::to_string(group.lag), fmt::format("{} s", seconds_behind(group, wall)),
                     fmt::format("{:.0f}", rate)});
  }
  return fmt::format(
      "{}   {} topics, {:.0f} messages/s in   {} groups, {:.0f} messages/s out\n\n{}{}\n{}{}",
      time_text(unix_ms(wall)).substr(0, 19), topics.size(), in, groups.size(), out,
      topic_table.text(), left_out(topics.size(), rows), group_table.text(),
      left_out(groups.size(), rows));
}

json live_json(const LiveSample& before, const LiveSample& now, WallTime wall) {
  json topics = json::array(), groups = json::array();
  const auto rounded = [](double rate) { return static_cast<std::int64_t>(rate + 0.5); };
  for (const auto& [row, rate] : rated_topics(before, now)) {
    const auto& [name, topic] = *row;
    topics.push_back({{"topic", name},
                      {"queues", topic.queues},
                      {"messages", topic.messages},
                      {"inPerSecond", rounded(rate)}});
  }
  for (const auto& [row, rate] : rated_groups(before, now)) {
    const auto& [name, group] = *row;
    groups.push_back({{"group", name.first},
                      {"topic", name.second},
                      {"members", group.members},
                      {"lag", group.lag},
                      {"secondsBehind", seconds_behind(group, wall)},
                      {"outPerSecond", rounded(rate)}});
  }
  return {{"time", unix_ms(wall)}, {"topics", topics}, {"groups", groups}};
}

}  // namespace sluice::app
