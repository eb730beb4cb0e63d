#pragma once

#include <cstdint>
#include <span>
#include <string_view>

/// The matrix of delivery as a table: three models by five modes, and what holds in each cell. The
/// engine reads these rows; it has no other place where a mode matters.
namespace sluice::delivery {

enum class Model : std::uint8_t {
  pull,  ///< members read from an offset they name
  push,  ///< messages are sent to members that have permits
  pop,   ///< members ask for a number of messages, for a time
};
enum class Mode : std::uint8_t { exclusive, failover, shared, key_shared, broadcast };

/// Among which messages order is kept: a message is handed out only when all earlier ones are
/// finished or in the same hands.
enum class Order : std::uint8_t { none, key, queue };

/// Who gets a message.
enum class Receiver : std::uint8_t {
  active,  ///< the one member that is active; what it does not want is finished
  turn,    ///< the next in turn that has room and wants it; best priority first
  key,     ///< the owner of its key; what the owner does not want is finished
};

struct Cell {
  Model model;
  Mode mode;
  std::string_view name;
  Receiver receiver;
  Order order;
  bool leases;  ///< members hold messages and end each; otherwise they read, and commit an offset
  bool cumulative;  ///< everything up to an offset can be acknowledged at once
  bool one_batch;   ///< nothing more of the same order while something is out
  bool rewinds;     ///< one message given back gives back all that its holder has
  bool one_member;  ///< a second member is refused
  bool own;         ///< each member has its own progress
};

std::span<const Cell> cells();
const Cell& cell(Model model, Mode mode);

}  // namespace sluice::delivery
