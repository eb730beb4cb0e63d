#pragma once

#include <memory>
#include <vector>

#include "client/consuming/process_queue.h"
#include "client/engine/alarm.h"

namespace sluice::client {

/// A queue that a member has: what was read of it and is not done, and where reading goes on.
/// Reactor's thread only.
struct Shelf {
  explicit Shelf(Queue q) : queue(std::move(q)) {}
  /// Wakes its readers.
  void ring() {
    for (Alarm* sleeper : sleepers) sleeper->ring();
  }

  const Queue queue;
  ProcessQueue messages;
  std::vector<Alarm*> sleepers;  ///< its readers sleep by them
  int reader = 0;                ///< a reader with another number ends
  std::int64_t next = -1;        ///< to be read; -1: not known yet
  std::int64_t committed = -1;   ///< as this member knows
  std::int64_t broker_id = 0;    ///< where to read, as the broker said
  bool dropped = false;          ///< not ours any more: nothing is read or given
  bool forgotten = false;        ///< another one took its place: nothing is committed either
  bool paused = false;           ///< by the program
  bool busy = false;             ///< orderly: a batch is in the program's hands
  std::shared_ptr<Shelf>
      before;         ///< orderly: whose place it took; nothing is given while that is busy
  SteadyTime locked;  ///< orderly: when the broker granted the lock last
  bool has_lock = false;
  SteadyTime read_last, consumed_last;  ///< for tools that ask
};
using ShelfPtr = std::shared_ptr<Shelf>;
using Batch = std::vector<ReceivedMessage>;

}  // namespace sluice::client
