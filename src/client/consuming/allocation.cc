#include "client/consuming/allocation.h"

#include <algorithm>
#include <map>
#include <optional>

#include <boost/uuid/detail/md5.hpp>
#include <fmt/format.h>

namespace sluice::client {
namespace {

constexpr int kVirtualNodes = 10;

std::optional<std::size_t> index_of(const Shares& shares) {
  const auto found = std::ranges::find(shares.members, shares.self);
  if (found == shares.members.end()) return std::nullopt;
  return static_cast<std::size_t>(found - shares.members.begin());
}

/// The first four bytes of the MD5, as a number.
std::uint32_t ring_hash(const std::string& text) {
  boost::uuids::detail::md5 md5;
  md5.process_bytes(text.data(), text.size());
  boost::uuids::detail::md5::digest_type digest;
  md5.get_digest(digest);
  return digest[0];
}

}  // namespace

std::vector<Queue> average_share(const Shares& shares) {
  const auto index = index_of(shares);
  if (!index) return {};
  const std::size_t queues = shares.queues.size(), members = shares.members.size();
  const std::size_t rest = queues % members;
  const bool one_more = rest > 0 && *index < rest;
  const std::size_t size = queues <= members ? 1 : queues / members + (one_more ? 1 : 0);
  const std::size_t start = one_more ? *index * size : *index * size + rest;
  if (start >= queues) return {};
  const auto share = shares.queues.subspan(start, std::min(size, queues - start));
  return {share.begin(), share.end()};
}

std::vector<Queue> circle_share(const Shares& shares) {
  const auto index = index_of(shares);
  std::vector<Queue> share;
  if (!index) return share;
  for (std::size_t i = *index; i < shares.queues.size(); i += shares.members.size()) {
    share.push_back(shares.queues[i]);
  }
  return share;
}

std::vector<Queue> consistent_hash_share(const Shares& shares) {
  std::vector<Queue> share;
  if (!index_of(shares)) return share;
  std::map<std::uint32_t, const std::string*> ring;
  for (const std::string& member : shares.members) {
    for (int i = 0; i < kVirtualNodes; ++i) {
      ring[ring_hash(fmt::format("{}-{}", member, i))] = &member;
    }
  }
  for (const Queue& queue : shares.queues) {
    // The text is what Java's MessageQueue.toString() gives.
    auto node =
        ring.lower_bound(ring_hash(fmt::format("MessageQueue [topic={}, brokerName={}, queueId={}]",
                                               queue.topic, queue.broker, queue.id)));
    if (node == ring.end()) node = ring.begin();
    if (*node->second == shares.self) share.push_back(queue);
  }
  return share;
}

std::vector<Queue> machine_room_share(const Shares& shares, std::span<const std::string> rooms) {
  const auto index = index_of(shares);
  if (!index) return {};
  std::vector<Queue> queues;
  for (const Queue& queue : shares.queues) {
    const std::size_t at = queue.broker.find('@');
    if (at == std::string::npos || queue.broker.find('@', at + 1) != std::string::npos) continue;
    if (std::ranges::find(rooms, queue.broker.substr(0, at)) != rooms.end())
      queues.push_back(queue);
  }
  const std::size_t each = queues.size() / shares.members.size();
  const auto begin = queues.begin() + static_cast<std::ptrdiff_t>(each * *index);
  std::vector<Queue> share(begin, begin + static_cast<std::ptrdiff_t>(each));
  if (*index < queues.size() % shares.members.size()) {
    share.push_back(queues[each * shares.members.size() + *index]);
  }
  return share;
}

std::vector<Queue> share_of(const Shares& shares, const PushConsumerOptions& options) {
  switch (options.sharing) {
    case Sharing::average: return average_share(shares);
    case Sharing::circle: return circle_share(shares);
    case Sharing::consistent_hash: return consistent_hash_share(shares);
    case Sharing::machine_room: return machine_room_share(shares, options.rooms);
    case Sharing::manual: break;
  }
  std::vector<Queue> share;
  for (const Queue& queue : options.manual_queues) {
    if (std::ranges::find(shares.queues, queue) != shares.queues.end()) share.push_back(queue);
  }
  return share;
}

}  // namespace sluice::client
