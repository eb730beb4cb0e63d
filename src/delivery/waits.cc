#include "delivery/waits.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace sluice::delivery {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::int64_t tick_at(SteadyTime time) { return time.time_since_epoch() / Waits::kTick; }
/// The first tick that is not before `deadline`.
std::int64_t tick_after(SteadyTime deadline) {
  return tick_at(deadline + Waits::kTick - milliseconds(1));
}

}  // namespace

Waits::Waits(SteadyTime now) : tick_(tick_at(now)), earliest_(kNever) {}

// The lists unlink what is still parked.
Waits::~Waits() = default;

void Waits::park(Wait& wait) {
  SLUICE_ASSERT(!wait.QueueHook::is_linked() && !wait.TimeHook::is_linked());
  const std::int64_t tick = std::max(tick_after(wait.deadline), tick_ + 1);
  wheel_[static_cast<std::size_t>(tick) % kSlots].push_back(wait);
  by_queue_[wait.queue].push_back(wait);
  earliest_ = std::min(earliest_, tick);
}

void Waits::on_arrival(QueueKey queue, QueueOffset end, WaitList& released) {
  const auto found = by_queue_.find(queue);
  if (found == by_queue_.end()) return;
  WaitList& parked = found->second;
  for (auto at = parked.begin(); at != parked.end();) {
    Wait& wait = *at++;
    if (wait.offset >= end) continue;
    release(wait, released);
  }
}

void Waits::expire(SteadyTime now, WaitList& released) {
  const std::int64_t now_tick = tick_at(now);
  if (now_tick <= tick_) return;
  // After a long pause one turn of the wheel meets every slot.
  const std::int64_t turn = tick_ + static_cast<std::int64_t>(kSlots);
  for (std::int64_t tick = tick_ + 1; tick <= std::min(now_tick, turn); ++tick) {
    TimeList& slot = wheel_[static_cast<std::size_t>(tick) % kSlots];
    for (auto at = slot.begin(); at != slot.end();) {
      Wait& wait = *at++;
      if (wait.deadline <= now) release(wait, released);
    }
  }
  forget_empty_queues(now_tick);
  tick_ = now_tick;
  if (earliest_ <= tick_) earliest_ = tick_ + 1;
}

std::optional<SteadyTime> Waits::next_expiry() const {
  if (earliest_ == kNever) return std::nullopt;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::int64_t tick = earliest_ + static_cast<std::int64_t>(i);
    if (wheel_[static_cast<std::size_t>(tick) % kSlots].empty()) continue;
    earliest_ = tick;
    return SteadyTime(tick * kTick);
  }
  earliest_ = kNever;
  return std::nullopt;
}

bool Waits::any(QueueKey queue) const {
  const auto found = by_queue_.find(queue);
  return found != by_queue_.end() && !found->second.empty();
}

std::size_t Waits::size() const {
  std::size_t parked = 0;
  for (const auto& [queue, waits] : by_queue_) parked += waits.size();
  return parked;
}

void Waits::release(Wait& wait, WaitList& released) {
  wait.TimeHook::unlink();
  wait.QueueHook::unlink();
  released.push_back(wait);
}

// Heads stay for the next park of their queue; those of queues that nobody reads any more go once
// in a turn of the wheel.
void Waits::forget_empty_queues(std::int64_t now_tick) {
  constexpr auto kTurn = static_cast<std::int64_t>(kSlots);
  if (now_tick / kTurn == tick_ / kTurn) return;
  std::erase_if(by_queue_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace sluice::delivery
