#include "broker/assignment.h"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::broker {
namespace {

using Queues = std::vector<QueuePlace>;

/// The share of member `index` of `members`.
using Strategy = Queues (*)(const Queues& queues, std::size_t index, std::size_t members);

/// Neighbours: the first members get one more when the queues do not divide evenly.
Queues average(const Queues& queues, std::size_t index, std::size_t members) {
  const std::size_t size = queues.size() / members;
  const std::size_t more = queues.size() % members;
  const std::size_t start = index * size + std::min(index, more);
  const std::size_t count = size + (index < more ? 1 : 0);
  const auto from = queues.begin() + static_cast<std::ptrdiff_t>(start);
  return {from, from + static_cast<std::ptrdiff_t>(count)};
}

/// Like dealing cards.
Queues average_by_circle(const Queues& queues, std::size_t index, std::size_t members) {
  Queues share;
  for (std::size_t i = index; i < queues.size(); i += members) share.push_back(queues[i]);
  return share;
}

struct NamedStrategy {
  std::string_view name;
  Strategy strategy;
};
constexpr std::array<NamedStrategy, 2> kStrategies{
    {{"AVG", average}, {"AVG_BY_CIRCLE", average_by_circle}}};

/// One place per broker, at which the broker chooses the queue.
Queues any_queues(std::span<const BrokerQueues> brokers) {
  std::set<QueuePlace> places;
  for (const BrokerQueues& broker : brokers) {
    if (broker.read_queues > 0) places.insert({broker.broker, kAnyQueue});
  }
  return {places.begin(), places.end()};
}

/// The member's own share and those of the `neighbours` that follow it. With more members than
/// queues several members have the same queue, so that nobody is without.
Queues shared(const Queues& queues, Strategy strategy, std::size_t index, std::size_t members,
              std::size_t neighbours) {
  if (members > queues.size()) return {queues[index % queues.size()]};
  std::set<QueuePlace> places;
  for (std::size_t i = 0; i <= neighbours; ++i) {
    places.merge([&] {
      const Queues share = strategy(queues, (index + i) % members, members);
      return std::set<QueuePlace>(share.begin(), share.end());
    }());
  }
  return {places.begin(), places.end()};
}

}  // namespace

std::vector<QueuePlace> all_queues(std::span<const BrokerQueues> brokers) {
  Queues queues;
  for (const BrokerQueues& broker : brokers) {
    for (std::int32_t id = 0; id < broker.read_queues; ++id) queues.push_back({broker.broker, id});
  }
  std::ranges::sort(queues);
  return queues;
}

std::optional<std::vector<QueuePlace>> assign(const AssignmentQuery& query) {
  const auto named = std::ranges::find(kStrategies, query.strategy, &NamedStrategy::name);
  const Queues queues = all_queues(query.brokers);
  if (named == kStrategies.end() || queues.empty() || query.members.empty()) return std::nullopt;
  const bool pop = query.mode.mode == RequestMode::pop;
  const auto neighbours = std::int64_t{query.mode.pop_share_queues};
  const auto count = static_cast<std::int64_t>(query.members.size());
  if (pop && (neighbours <= 0 || neighbours >= count - 1)) return any_queues(query.brokers);

  std::vector<std::string> members = query.members;
  std::ranges::sort(members);
  const auto own = std::ranges::find(members, query.client_id);
  if (own == members.end()) return Queues{};
  const auto index = static_cast<std::size_t>(own - members.begin());
  if (!pop) return named->strategy(queues, index, members.size());
  return shared(queues, named->strategy, index, members.size(),
                static_cast<std::size_t>(neighbours));
}

}  // namespace sluice::broker
