#pragma once

#include <vector>

#include "delivery/waits.h"

/// For tests only: reads to park, and who was released.
namespace sluice::delivery::testing {

inline constexpr SteadyTime kStart{milliseconds(1'000'003)};

/// A read with a name.
struct Read : Wait {
  Read(int name_, QueueKey key, std::int64_t at, SteadyTime until) : name(name_) {
    queue = key;
    offset = QueueOffset(at);
    deadline = until;
  }
  int name;
};

inline std::vector<int> take_names(WaitList& released) {
  std::vector<int> names;
  while (!released.empty()) {
    names.push_back(static_cast<Read&>(released.front()).name);
    released.pop_front();
  }
  return names;
}

inline std::vector<int> arrival(Waits& waits, QueueKey queue, std::int64_t end,
                                std::vector<TagCode> tags = {}) {
  WaitList released;
  waits.on_arrival(queue, QueueOffset(end), tags, released);
  return take_names(released);
}

inline std::vector<int> expiry(Waits& waits, SteadyTime now) {
  WaitList released;
  waits.expire(now, released);
  return take_names(released);
}

struct TaggedRead : Read {
  TaggedRead(int name_, QueueKey key, std::int64_t at, TagCode wanted)
      : Read(name_, key, at, kStart + milliseconds(500)) {
    tag = wanted;
  }
};

}  // namespace sluice::delivery::testing
