#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
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
    events_.push_back({clock_.wall() + wait, chance_.below(1 << 20), std::move(what)});
    std::push_heap(events_.begin(), events_.end());
  }
  /// Moves the clock to the next event and runs it; false when there is none before `end`.
  bool step(WallTime end) {
    if (events_.empty() || events_.front().at > end) return false;
    std::pop_heap(events_.begin(), events_.end());
    const Event next = std::move(events_.back());
    events_.pop_back();
    if (next.at > clock_.wall()) clock_.advance(next.at - clock_.wall());
    next.what();
    return true;
  }

 private:
  struct Event {
    WallTime at;
    std::int64_t rank = 0;
    std::function<void()> what;
    /// The next one is the greatest.
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : rank > other.rank;
    }
  };
  ManualClock& clock_;
  Chance& chance_;
  std::vector<Event> events_;  ///< a heap
};

}  // namespace sluice::sim
