#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <sluice/simple_consumer.h>

#include "base/clock.h"
#include "client/engine/latch.h"
#include "client/engine/names.h"
#include "client/remoting.h"

namespace sluice::client {

/// A lease as its consumer knows it. What is under the mutex may be read by any thread; the rest is
/// the reactor's.
struct LeaseState {
  ReceivedMessage message;
  std::string topic;  ///< that requests name: the retry topic, if it came from there
  std::string broker;
  std::int32_t retry = 0, queue = 0;
  std::int64_t offset = 0;
  SteadyTime taken;
  Latch changing;        ///< one request about it at a time: each makes the receipt before invalid
  bool settled = false;  ///< acknowledged or given back: not renewed any more

  mutable std::mutex mutex;
  std::string receipt;  ///< under mutex
  SteadyTime until;     ///< under mutex
};
using LeasePtr = std::shared_ptr<LeaseState>;

/// What was popped, from whom.
struct PoppedFrom {
  const std::string& group;
  const std::string& topic;
  const std::string& broker;
  const Names& names;
};
/// The messages in a pop's answer as leases from `now`. Errors: malformed, corrupt.
Result<std::vector<LeasePtr>> leases_of(Answer answer, const PoppedFrom& from, SteadyTime now);

}  // namespace sluice::client
