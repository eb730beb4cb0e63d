#include "client/consuming/allocation.h"

#include <algorithm>
#include <map>
#include <optional>

#include <boost/uuid/detail/md5.hpp>
#include <fmt/format.h>

namespace sluice::client {
namespace {

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

std::vector<Queue> consistent_hash_share(const Shares& shares, int virtual_nodes) {
  std::vector<Queue> share;
  if (!index_of(shares)) return share;
  std::map<std::uint32_t, const std::string*> ring;
  for (const std::string& member : shares.members) {
    for (int i = 0; i < virtual_nodes; ++i) {
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

namespace {

std::vector<Queue> manual_share(const Shares& shares, std::span<const Queue> wanted) {
  std::vector<Queue> share;
  for (const Queue& queue : wanted) {
    if (std::ranges::find(shares.queues, queue) != shares.queues.end()) share.push_back(queue);
  }
  return share;
}

/// Queues and members of each room, in the order of the rooms' names.
struct Rooms {
  std::map<std::string, std::vector<Queue>> queues;
  std::map<std::string, std::vector<std::string>> members;
};

Outcome<Rooms> rooms_of(const Shares& shares, const SharingOptions& options) {
  const auto unknown = [](std::string_view what, std::string_view name) {
    return Failure{Errc::invalid_argument, fmt::format("no room is known for {} {}", what, name)};
  };
  Rooms rooms;
  for (const Queue& queue : shares.queues) {
    const std::string room = options.room_of_broker ? options.room_of_broker(queue.broker) : "";
    if (room.empty()) return unknown("broker", queue.broker);
    rooms.queues[room].push_back(queue);
  }
  for (const std::string& member : shares.members) {
    const std::string room = options.room_of_member ? options.room_of_member(member) : "";
    if (room.empty()) return unknown("member", member);
    rooms.members[room].push_back(member);
  }
  return rooms;
}

Outcome<std::vector<Queue>> nearby_share(const Shares& shares, const SharingOptions& options) {
  if (!index_of(shares)) return std::vector<Queue>();
  auto rooms = rooms_of(shares, options);
  if (!rooms) return rooms.error();
  SharingOptions within = options;
  within.rule = options.within;
  const std::string own = options.room_of_member(shares.self);
  std::vector<Queue> share;
  const auto add = [&](std::span<const Queue> queues, std::span<const std::string> members) {
    auto part = share_of({shares.self, members, queues}, within);
    if (part) share.insert(share.end(), part->begin(), part->end());
  };
  // First what is in our own room, then what nobody is near to.
  if (const auto here = rooms->queues.find(own); here != rooms->queues.end()) {
    add(here->second, rooms->members[own]);
  }
  for (const auto& [room, queues] : rooms->queues) {
    if (room != own && !rooms->members.contains(room)) add(queues, shares.members);
  }
  return share;
}

}  // namespace
}  // namespace sluice::client

namespace sluice {

Outcome<std::vector<Queue>> share_of(const Shares& shares, const SharingOptions& options) {
  switch (options.rule) {
    case Sharing::average: return client::average_share(shares);
    case Sharing::circle: return client::circle_share(shares);
    case Sharing::consistent_hash:
      return client::consistent_hash_share(shares, options.virtual_nodes);
    case Sharing::machine_room: return client::machine_room_share(shares, options.rooms);
    case Sharing::nearby_machine_room: return client::nearby_share(shares, options);
    case Sharing::manual: break;
  }
  return client::manual_share(shares, options.queues);
}

}  // namespace sluice
