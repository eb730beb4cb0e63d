#include "delivery/dispatch/outstanding.h"

#include <algorithm>

#include "base/assert.h"

namespace sluice::delivery {

Outstanding::Outstanding(LeaseQueue queue, Terms terms)
    : queue_(std::move(queue)), terms_(std::move(terms)) {}

std::size_t Outstanding::held(MemberId member) const {
  const auto at = held_.find(member);
  return at == held_.end() ? 0 : at->second;
}

std::optional<WallTime> Outstanding::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

bool Outstanding::may_go(std::uint32_t slot, QueueOffset offset, MemberId member) const {
  const auto at = slots_.find(slot);
  if (!has_order(slot) || at == slots_.end()) return true;
  const Slot& state = at->second;
  if (state.out > 0) {
    if (state.holder != member) return false;
    if (terms_.one_batch && state.batch != batch_) return false;
  }
  return state.waiting.empty() || *state.waiting.begin() >= offset.value;
}

void Outstanding::link(const Items::value_type& at) {
  const auto& [offset, item] = at;
  if (item.leased && item.deadline != WallTime::max()) deadlines_.emplace(item.deadline, offset);
  if (item.held()) ++held_[item.member];
  if (!item.leased) ++ready_;
  if (!has_order(item.slot)) return;
  Slot& slot = slots_[item.slot];
  if (!item.held()) {
    slot.waiting.insert(offset);
    return;
  }
  slot.holder = item.member;
  slot.batch = batch_;
  ++slot.out;
}

void Outstanding::unlink(const Items::value_type& at) {
  const auto& [offset, item] = at;
  if (item.leased) deadlines_.erase({item.deadline, offset});
  if (item.held()) {
    const auto held = held_.find(item.member);
    if (--held->second == 0) held_.erase(held);
  }
  if (!item.leased) --ready_;
  if (!has_order(item.slot)) return;
  const auto slot = slots_.find(item.slot);
  if (item.held()) {
    --slot->second.out;
  } else {
    slot->second.waiting.erase(offset);
  }
  if (slot->second.out == 0 && slot->second.waiting.empty()) slots_.erase(slot);
}

void Outstanding::drop(Items::iterator at) {
  unlink(*at);
  items_.erase(at);
}

void Outstanding::add_to_run(LeaseQueue::Fate fate, const Lease& lease) {
  const bool other =
      run_lease_ && (run_lease_->owner != lease.owner || run_lease_->deadline != lease.deadline ||
                     run_lease_->stamp != lease.stamp);
  if (fate == LeaseQueue::Fate::lease) {
    if (other) flush();
    run_lease_ = lease;
  }
  run_.push_back(fate);
}

void Outstanding::flush() {
  queue_.advance(run_, run_lease_.value_or(Lease{}));
  run_.clear();
  run_lease_.reset();
}

WallTime Outstanding::hand_first(std::uint32_t slot, const Grant& grant) {
  const Item item{slot, 0, grant.member, true, grant.now, grant.deadline, grant.attempt};
  link(*items_.emplace(next().value, item).first);
  add_to_run(LeaseQueue::Fate::lease, {grant.now, grant.deadline, grant.member});
  return grant.now;
}

void Outstanding::rest_first(std::uint32_t slot, WallTime until, WallTime now) {
  hand_first(slot, {kCalendar, now, until});
}

void Outstanding::leave_first(std::uint32_t slot) {
  link(*items_.emplace(next().value, Item{slot}).first);
  add_to_run(LeaseQueue::Fate::leave, {});
}

void Outstanding::finish_first() { add_to_run(LeaseQueue::Fate::finish, {}); }

void Outstanding::skip_to(QueueOffset offset) {
  flush();
  queue_.restore_next(offset);
}

WallTime Outstanding::hand_again(QueueOffset offset, const Grant& grant) {
  auto& at = *items_.find(offset.value);
  unlink(at);
  Item& item = at.second;
  item.stamp = item.stamp_after(grant.now);
  item.leased = true;
  item.member = grant.member;
  item.deadline = grant.deadline;
  item.attempt = grant.attempt;
  queue_.lease_again(offset, {item.stamp, item.deadline, item.member});
  link(at);
  return item.stamp;
}

void Outstanding::finish(QueueOffset offset) {
  const auto at = items_.find(offset.value);
  const Outcome outcome = queue_.acknowledge(offset, at->second.stamp);
  SLUICE_ASSERT(outcome == Outcome::done);
  drop(at);
}

bool Outstanding::is_lost(const Ready& ready) const {
  return terms_.retry.is_dead(ready.attempts) || items_.at(ready.offset.value).dead();
}

void Outstanding::give_up(QueueOffset offset, WallTime now) {
  hand_again(offset, {kUndertaker, now, now + terms_.bury_within});
}

std::vector<std::int64_t> Outstanding::held_offsets(MemberId member, Which which) const {
  std::vector<std::int64_t> offsets;
  for (const auto& [offset, item] : items_) {
    if (!item.held() || item.member != member) continue;
    if (which == Which::all || item.deadline == WallTime::max()) offsets.push_back(offset);
  }
  return offsets;
}

void Outstanding::put_back(std::int64_t offset, bool counted) {
  auto& at = *items_.find(offset);
  unlink(at);
  Item& item = at.second;
  item.leased = false;
  item.member = kNobody;
  item.attempt = 0;
  if (counted) ++item.attempts;
  queue_.restore({QueueOffset(offset), item.attempts, false, {item.stamp, item.deadline}});
  link(at);
}

void Outstanding::expire(WallTime now) {
  std::vector<std::int64_t> uncounted;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    auto& at = *items_.find(deadlines_.begin()->second);
    unlink(at);
    Item& item = at.second;
    item.leased = false;
    if (item.early()) {
      uncounted.push_back(at.first);
    } else {
      ++item.attempts;
    }
    if (!item.dead()) item.member = kNobody;
    item.attempt = 0;
    link(at);
  }
  queue_.expire(now);
  // The queue counts every lease that ended.
  for (const std::int64_t offset : uncounted) {
    const Item& item = items_.at(offset);
    queue_.restore({QueueOffset(offset), item.attempts, false, {item.stamp, item.deadline}});
  }
}

}  // namespace sluice::delivery
