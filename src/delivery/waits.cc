#include "delivery/waits.h"

#include <algorithm>
#include <iterator>
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
  const auto [found, is_new] = by_queue_.try_emplace(wait.queue);
  Queue& queue = found->second;
  if (wait.tag == kAnyTag) {
    queue.any.push_back(wait);
  } else {
    // What arrived before the others of the queue heard of it may be new to this one, never the
    // other way round; and a queue that was empty may be another one under the same key.
    const bool first = is_new || !queue.any_tagged();
    queue.seen = first ? wait.offset : std::min(queue.seen, wait.offset);
    queue.by_tag[wait.tag].push_back(wait);
  }
  earliest_ = std::min(earliest_, tick);
}

const Wait* Waits::tagged(QueueKey queue) {
  const auto found = by_queue_.find(queue);
  if (found == by_queue_.end() || !found->second.any_tagged()) return nullptr;
  return &found->second.by_tag.begin()->second.front();
}

QueueOffset Waits::unseen(QueueKey queue) const {
  const auto found = by_queue_.find(queue);
  return found == by_queue_.end() ? QueueOffset(0) : found->second.seen;
}

void Waits::on_arrival(QueueKey key, QueueOffset end, std::span<const TagCode> tags,
                       WaitList& released) {
  const auto found = by_queue_.find(key);
  if (found == by_queue_.end()) return;
  Queue& queue = found->second;
  release_past(queue.any, end, released);
  if (!queue.any_tagged()) return;
  QueueOffset at = queue.seen;
  for (const TagCode tag : tags) {
    at += 1;
    const auto wanting = queue.by_tag.find(tag);
    if (wanting != queue.by_tag.end()) release_past(wanting->second, at, released);
  }
  if (at < end) {
    for (auto& [tag, wanting] : queue.by_tag) release_past(wanting, end, released);
  }
  queue.seen = std::max(queue.seen, end);
}

void Waits::release_past(WaitList& parked, QueueOffset end, WaitList& released) {
  for (auto at = parked.begin(); at != parked.end();) {
    Wait& wait = *at++;
    if (wait.offset < end) release(wait, released);
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

bool Waits::any(QueueKey queue) {
  const auto found = by_queue_.find(queue);
  return found != by_queue_.end() && !found->second.empty();
}

bool Waits::Queue::any_tagged() {
  while (!by_tag.empty() && by_tag.begin()->second.empty()) by_tag.erase(by_tag.begin());
  return !by_tag.empty();
}

std::size_t Waits::size() const {
  std::size_t parked = 0;
  for (const auto& [key, queue] : by_queue_) {
    parked += queue.any.size();
    for (const auto& [tag, waits] : queue.by_tag) parked += waits.size();
  }
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
  for (auto at = by_queue_.begin(); at != by_queue_.end();) {
    at = at->second.empty() ? by_queue_.erase(at) : std::next(at);
  }
}

}  // namespace sluice::delivery
