// How what was handed out ends: by its holder's word, by the undertaker's.
#include "delivery/dispatch/outstanding.h"

namespace sluice::delivery {

bool Outstanding::fits(const Items::value_type& at, const Receipt& receipt) const {
  const Item& item = at.second;
  if (!item.held()) return false;
  return receipt.stamp ? *receipt.stamp == item.stamp : receipt.member == item.member;
}

std::expected<Outstanding::Items::iterator, Outstanding::Outcome> Outstanding::held_by(
    const Receipt& receipt) {
  const auto at = items_.find(receipt.offset.value);
  if (at != items_.end() && fits(*at, receipt)) return at;
  const bool passed = receipt.offset.value >= 0 && receipt.offset < queue_.next();
  return std::unexpected(passed ? Outcome::late : Outcome::unknown);
}

Outstanding::Outcome Outstanding::acknowledge(const Receipt& receipt) {
  auto at = items_.find(receipt.offset.value);
  const bool ready = at != items_.end() && !at->second.leased;
  if (!ready || !terms_.believe_late) {
    const auto held = held_by(receipt);
    if (!held) return held.error();
    at = *held;
  }
  const Item& item = at->second;
  if (ready && item.attempts == 0) return Outcome::unknown;  // nobody was given it
  if (ready && item.dead()) return Outcome::late;
  const Outcome outcome = queue_.acknowledge(receipt.offset, receipt.stamp.value_or(item.stamp));
  if (outcome == Outcome::done) drop(at);
  return outcome;
}

Outstanding::Outcome Outstanding::acknowledge_to(QueueOffset offset) {
  if (offset >= queue_.next()) return Outcome::unknown;
  Outcome outcome = Outcome::late;
  while (!items_.empty() && items_.begin()->first <= offset.value) {
    const auto at = items_.begin();
    queue_.acknowledge(QueueOffset(at->first), at->second.stamp);
    drop(at);
    outcome = Outcome::done;
  }
  return outcome;
}

Outstanding::Outcome Outstanding::give_back(const Receipt& receipt, WallTime until, WallTime now) {
  const auto held = held_by(receipt);
  if (!held) return held.error();
  if (until <= now) {
    put_back((*held)->first, true);
    return Outcome::done;
  }
  Item& item = (*held)->second;
  const WallTime before = item.stamp;
  unlink(**held);
  item.stamp = item.stamp_after(now);
  item.member = kNobody;
  item.deadline = until;
  item.attempt = 0;
  link(**held);
  return queue_.put_off(receipt.offset, before, {item.stamp, until, kNobody});
}

std::expected<WallTime, Outstanding::Outcome> Outstanding::extend(const Receipt& receipt,
                                                                  const Grant& grant) {
  const auto held = held_by(receipt);
  if (!held) return std::unexpected(held.error());
  Item& item = (*held)->second;
  const WallTime before = item.stamp;
  unlink(**held);
  item.stamp = item.stamp_after(grant.now);
  if (grant.member != kNobody) item.member = grant.member;
  item.deadline = grant.deadline;
  link(**held);
  queue_.put_off(receipt.offset, before, {item.stamp, item.deadline, item.member});
  return item.stamp;
}

Outstanding::Outcome Outstanding::reject(const Receipt& receipt, WallTime now) {
  const Grant undertaker{kUndertaker, now, now + terms_.bury_within};
  const auto stamp = extend(receipt, undertaker);
  return stamp ? Outcome::done : stamp.error();
}

Outstanding::Outcome Outstanding::bury(QueueOffset offset) {
  const auto at = items_.find(offset.value);
  if (at == items_.end()) return offset < queue_.next() ? Outcome::late : Outcome::unknown;
  if (!at->second.dead()) return Outcome::unknown;
  finish(offset);
  return Outcome::done;
}

std::optional<std::int32_t> Outstanding::attempts(const Receipt& receipt) const {
  const auto at = items_.find(receipt.offset.value);
  if (at == items_.end() || !fits(*at, receipt)) return std::nullopt;
  return at->second.attempts;
}

}  // namespace sluice::delivery
