#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <sluice/error.h>
#include <sluice/message.h>

/// What every kind of consumer has: what it wants, where it begins, and how the members of a group
/// share a topic's queues.
namespace sluice {

struct Subscription {
  std::string topic;
  std::string expression = "*";  ///< `*`, or tags: `a || b`; or SQL
  bool sql = false;              ///< the expression is SQL92
};

/// Where a group begins in a queue in which it has no offset yet.
enum class StartAt : std::uint8_t {
  last,   ///< at the next message
  first,  ///< at the oldest message
  time,   ///< at the first message that was stored at `start_time` or later
};

/// A rule by which queues are shared. Every member computes its own share from the same two lists,
/// so all members of a group must use the same rule. The results are those of Java's
/// client/consumer/rebalance, to the queue.
enum class Sharing : std::uint8_t {
  average,          ///< neighbours, as even as can be (the default of every client)
  circle,           ///< in turn
  consistent_hash,  ///< few queues move when members come and go
  machine_room,     ///< average, of the queues on brokers named `room@…` with a room of `rooms`
  /// Queues of a room that has members are shared among those, the others among all, each by the
  /// rule `within`.
  nearby_machine_room,
  manual,  ///< those of `queues`
};

struct SharingOptions {
  Sharing rule = Sharing::average;
  std::vector<std::string> rooms{};  ///< machine_room
  std::vector<Queue> queues{};       ///< manual
  int virtual_nodes = 10;            ///< consistent_hash: points of a member on the ring
  /// nearby_machine_room: the room of a broker, by name, and of a member, by client id. Called on
  /// the client's thread. An empty room is an error: queues stay as they are until it has one.
  std::function<std::string(const std::string& broker)> room_of_broker{};
  std::function<std::string(const std::string& client_id)> room_of_member{};
  Sharing within = Sharing::average;  ///< nearby_machine_room; any rule but that itself
};

/// What a member knows when it computes its share: both lists sorted.
struct Shares {
  std::string self;  ///< a client id
  std::span<const std::string> members;
  std::span<const Queue> queues;  ///< of one topic
};

/// The queues of `self`; none when it is not among the members. Pure. Errors: invalid_argument (a
/// room is not known).
Outcome<std::vector<Queue>> share_of(const Shares& shares, const SharingOptions& options);

}  // namespace sluice
