#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/clock.h"
#include "chance.h"

namespace sluice::sim {

/// What happens when, in virtual time. Events of one moment come in an order that the seed chooses,
/// as threads would.
class Timeline {
 public:
  Timeline(ManualClock& clock, Chance& chance) : clock_(clock), chance_(chance) {}

  void after(milliseconds wait, std::function<void()> what) {
    events_.push({clock_.wall() + wait, chance_.below(1 << 20), std::move(what)});
  }
  /// Moves the clock to the next event and runs it; false when there is none before `end`.
  bool step(WallTime end) {
    if (events_.empty() || events_.top().at > end) return false;
    Event next = events_.top();
    events_.pop();
    if (next.at > clock_.wall()) clock_.advance(next.at - clock_.wall());
    next.what();
    return true;
  }

 private:
  struct Event {
    WallTime at;
    std::int64_t rank = 0;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : rank > other.rank;
    }
  };
  ManualClock& clock_;
  Chance& chance_;
  std::priority_queue<Event> events_;
};

}  // namespace sluice::sim
