// The part of Dispatch that reads by offset and ends what was handed out.
#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "delivery/dispatch/dispatch.h"

namespace sluice::delivery {

Result<Seen> Dispatch::pull(const QueueView& view, const Pull& pull, WallTime now) {
  RosterMember* member = roster_.find(pull.member);
  Outstanding* out = find(pull.member);
  if (member == nullptr || out == nullptr) {
    return fail(Errc::not_found, fmt::format("member {} has not joined", pull.member));
  }
  Seen seen{{}, pull.from};
  if (!cell_.leases) {
    seen.may_read = cell_.own || (pull.member == active_ && now >= starts_);
    if (seen.may_read) look(view, pull, now, seen);
    ask_again(*out, now, seen.decision);
    return seen;
  }
  auto& deliveries = seen.decision.deliveries;
  for (const auto& [offset, item] : out->items()) {
    if (std::ssize(deliveries) >= pull.count) break;
    if (offset < pull.from.value || !item.held() || item.member != pull.member) continue;
    if (!entry_at(view, QueueOffset(offset))) continue;
    deliveries.push_back(
        {pull.member, QueueOffset(offset), item.attempts, item.stamp, item.deadline});
  }
  member->permits = pull.count - std::ssize(deliveries);
  hand_out(*out, view, {kNobody, now, WallTime::max()}, pull.member, seen.decision);
  member->permits = 0;
  for (const Delivery& one : deliveries) seen.next = std::max(seen.next, one.offset + 1);
  return seen;
}

void Dispatch::look(const QueueView& view, const Pull& pull, WallTime now, Seen& seen) const {
  std::array<Entry, 64> chunk;
  for (int scanned = 0; scanned < HandOut::kScanMax;) {
    const std::size_t count = view.read(seen.next, chunk);
    if (count == 0) {
      seen.next = std::max(seen.next, view.end());
      return;
    }
    for (const Entry& entry : std::span(chunk).first(count)) {
      auto& deliveries = seen.decision.deliveries;
      if (std::ssize(deliveries) >= pull.count) return;
      seen.next = entry.offset + 1;
      if (!view.wanted_by(pull.member, entry)) continue;
      deliveries.push_back({pull.member, entry.offset, 0, {}, WallTime::max()});
    }
    scanned += static_cast<int>(count);
  }
  seen.decision.again = now;
}

Dispatch::Outcome Dispatch::acknowledge(const Receipt& receipt, WallTime now) {
  Outstanding* out = find(receipt.member);
  if (out == nullptr) return Outcome::unknown;
  out->expire(now);
  return out->acknowledge(receipt);
}

Result<Dispatch::Outcome> Dispatch::acknowledge_to(MemberId member, QueueOffset offset,
                                                   WallTime now) {
  if (!cell_.cumulative) {
    return fail(Errc::unsupported,
                fmt::format("'{}' has no cumulative acknowledgement, because others hold messages "
                            "in between; acknowledge one by one",
                            cell_.name));
  }
  Outstanding* out = find(member);
  if (out == nullptr) return Outcome::unknown;
  if (!cell_.own && member != active_) return Outcome::late;
  if (!cell_.leases) {
    const bool forward = offset >= out->next();
    if (forward) out->skip_to(offset + 1);
    return forward ? Outcome::done : Outcome::late;
  }
  out->expire(now);
  return out->acknowledge_to(offset);
}

Dispatch::Outcome Dispatch::give_back(const Receipt& receipt, std::optional<milliseconds> delay,
                                      WallTime now) {
  Outstanding* out = find(receipt.member);
  if (out == nullptr) return Outcome::unknown;
  out->expire(now);
  const auto failed = out->attempts(receipt);
  const WallTime until = now + delay.value_or(plan_.retry.delay(failed.value_or(0) + 1));
  if (!cell_.rewinds || !failed) return out->give_back(receipt, until, now);
  out->take_back(receipt.member, Outstanding::Which::all,
                 [&](QueueOffset offset) { return offset == receipt.offset; });
  out->rest_until(until);
  return Outcome::done;
}

void Dispatch::give_back_all(MemberId member, WallTime now) {
  Outstanding* out = find(member);
  if (out == nullptr) return;
  out->expire(now);
  out->take_back(member, Outstanding::Which::all, [](QueueOffset) { return true; });
}

std::expected<WallTime, Dispatch::Outcome> Dispatch::extend(const Receipt& receipt,
                                                            WallTime deadline, WallTime now) {
  Outstanding* out = find(receipt.member);
  if (out == nullptr) return std::unexpected(Outcome::unknown);
  out->expire(now);
  return out->extend(receipt, {kNobody, now, deadline});
}

Dispatch::Outcome Dispatch::reject(const Receipt& receipt, WallTime now) {
  Outstanding* out = find(receipt.member);
  if (out == nullptr) return Outcome::unknown;
  out->expire(now);
  return out->reject(receipt, now);
}

Dispatch::Outcome Dispatch::bury(const Dead& dead) {
  Outstanding* out = find(dead.progress);
  return out == nullptr ? Outcome::unknown : out->bury(dead.offset);
}

void Dispatch::reset(MemberId member, QueueOffset start) {
  if (Outstanding* out = find(member)) *out = Outstanding(LeaseQueue(start), out->terms());
}

}  // namespace sluice::delivery
