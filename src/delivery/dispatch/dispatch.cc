#include "delivery/dispatch/dispatch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "delivery/dispatch/assign.h"

namespace sluice::delivery {
namespace {

/// The cell, with what the plan says otherwise.
Cell planned(const Plan& plan) {
  Cell row = cell(plan.model, plan.mode);
  if (plan.fifo && row.leases) {
    row.one_batch = true;
    if (row.order == Order::none) row.order = Order::queue;
  }
  if (plan.out_of_order && row.order == Order::key) row.order = Order::none;
  return row;
}

Outstanding::Terms terms(const Plan& plan, const Cell& row) {
  return {row.order,           row.one_batch,        plan.believe_late, plan.retry,
          plan.unfinished_max, plan.passed_over_max, plan.bury_within};
}

void earlier(std::optional<WallTime>& time, std::optional<WallTime> other) {
  if (other && (!time || *other < *time)) time = other;
}

}  // namespace

Dispatch::Dispatch(const Plan& plan, LeaseQueue progress, const QueueView& view)
    : plan_(plan),
      cell_(planned(plan)),
      roster_(plan.keys, plan.active),
      shared_(std::move(progress), terms(plan_, cell_)) {
  shared_.adopt([&](QueueOffset offset) -> std::uint32_t {
    if (cell_.order != Order::key) return 0;
    const auto entry = entry_at(view, offset);
    const bool ordered = entry && entry->not_before == WallTime{};
    return ordered ? roster_.ranges().slot(entry->key) : Outstanding::kUnordered;
  });
}

Outstanding* Dispatch::find(MemberId member) {
  if (!cell_.own) return &shared_;
  const auto at = own_.find(member);
  return at == own_.end() ? nullptr : &at->second;
}

const Outstanding& Dispatch::progress(MemberId member) const {
  return cell_.own ? own_.at(member) : shared_;
}

Result<std::vector<Notice>> Dispatch::join(const Joining& member, WallTime now) {
  if (member.id == kNobody || member.id >= kCalendar) {
    return fail(Errc::invalid_argument, fmt::format("member id {} is reserved; allowed are 1 to {}",
                                                    member.id, kCalendar - 1));
  }
  if (cell_.one_member && !roster_.members().empty()) {
    return fail(Errc::in_use, fmt::format("'{}' is the exclusive consumer; another one has to wait "
                                          "until it leaves, or to use a shared or failover mode",
                                          roster_.members().front().about.name));
  }
  SLUICE_CHECK(roster_.add(member, cell_.receiver == Receiver::key));
  if (cell_.own) {
    own_.try_emplace(member.id, LeaseQueue(member.start), terms(plan_, cell_));
    return std::vector<Notice>{};
  }
  if (cell_.receiver != Receiver::active) return std::vector<Notice>{};
  return choose_active(now, member.id);
}

std::vector<Notice> Dispatch::leave(MemberId member, Leases leases, WallTime now) {
  roster_.remove(member);
  if (cell_.own) {
    own_.erase(member);
    return {};
  }
  const bool all = leases == Leases::give_back;
  shared_.expire(now);
  shared_.take_back(member, all ? Outstanding::Which::all : Outstanding::Which::untimed,
                    [](QueueOffset) { return true; });
  return cell_.receiver == Receiver::active ? choose_active(now, kNobody) : std::vector<Notice>{};
}

std::vector<Notice> Dispatch::choose_active(WallTime now, MemberId joined) {
  const MemberId before = std::exchange(active_, roster_.choose_active());
  std::vector<Notice> notices;
  if (cell_.one_member) return notices;
  for (const RosterMember& member : roster_.members()) {
    const MemberId id = member.about.id;
    if (before != active_ || id == joined) notices.push_back({id, id == active_});
  }
  if (before == active_ || before == kNobody || active_ == kNobody) return notices;
  // What has a deadline stays with its holder, and order keeps the rest behind it.
  shared_.take_back(before, Outstanding::Which::untimed, [](QueueOffset) { return false; });
  starts_ = std::max(starts_, now + plan_.failover_delay);
  return notices;
}

void Dispatch::add_permits(MemberId member, std::int64_t permits) {
  if (RosterMember* found = roster_.find(member)) found->permits += permits;
}

void Dispatch::hand_out(Outstanding& out, const QueueView& view, const Grant& grant, MemberId only,
                        Decision& decision) {
  out.expire(grant.now);
  if (grant.now >= std::max(starts_, out.rests_until())) {
    const MemberId active = cell_.own ? only : active_;
    CellAssigner assigner({cell_.receiver, cell_.order, active, only}, roster_, out, view);
    HandOut(out, view, assigner, grant).run(decision);
  }
  ask_again(out, grant.now, decision);
}

void Dispatch::ask_again(const Outstanding& out, WallTime now, Decision& decision) const {
  earlier(decision.again, out.next_deadline());
  const WallTime starts = std::max(starts_, out.rests_until());
  if (starts > now) earlier(decision.again, starts);
}

Decision Dispatch::push(const QueueView& view, WallTime now) {
  Decision decision;
  const Grant grant{kNobody, now, WallTime::max()};
  if (!cell_.own) hand_out(shared_, view, grant, kNobody, decision);
  for (auto& [member, out] : own_) {
    const std::size_t before = decision.dead.size();
    hand_out(out, view, grant, member, decision);
    for (Dead& dead : std::span(decision.dead).subspan(before)) dead.progress = member;
  }
  return decision;
}

Result<Decision> Dispatch::pop(const QueueView& view, const Pop& pop, WallTime now) {
  RosterMember* member = roster_.find(pop.member);
  Outstanding* out = find(pop.member);
  if (member == nullptr || out == nullptr) {
    return fail(Errc::not_found, fmt::format("member {} has not joined", pop.member));
  }
  Decision decision;
  out->expire(now);
  if (hand_same_batch(*out, view, pop, now, decision)) return decision;
  member->permits = pop.count;
  hand_out(*out, view, {kNobody, now, now + pop.lease, pop.attempt}, pop.member, decision);
  member->permits = 0;
  if (cell_.own) {
    for (Dead& dead : decision.dead) dead.progress = pop.member;
  }
  return decision;
}

bool Dispatch::hand_same_batch(Outstanding& out, const QueueView& view, const Pop& pop,
                               WallTime now, Decision& decision) {
  if (!cell_.one_batch || pop.attempt == 0) return false;
  // One that is active no longer keeps its leases, but cannot make them longer by asking.
  if (cell_.receiver == Receiver::active && !cell_.own && pop.member != active_) return false;
  std::vector<Delivery> again;
  for (const auto& [offset, item] : out.items()) {
    const bool asked = item.held() && item.member == pop.member && item.attempt == pop.attempt;
    if (asked && entry_at(view, QueueOffset(offset))) {
      again.push_back({pop.member, QueueOffset(offset), item.attempts, item.stamp});
    }
  }
  const Grant grant{pop.member, now, now + pop.lease, pop.attempt};
  for (Delivery& one : again) {
    const auto stamp = out.extend({one.member, one.offset, one.stamp}, grant);
    SLUICE_ASSERT(stamp.has_value());
    one.stamp = *stamp;
    one.deadline = grant.deadline;
  }
  if (again.empty()) return false;
  decision.deliveries = std::move(again);
  ask_again(out, now, decision);
  return true;
}

}  // namespace sluice::delivery
