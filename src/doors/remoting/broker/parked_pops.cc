#include <algorithm>
#include <utility>

#include "base/log.h"
#include "doors/remoting/broker/reactor_context.h"
#include "doors/remoting/broker/session.h"

/// Pops that wait, and the leases that run out meanwhile.
namespace sluice::doors {
namespace {

delivery::QueueKey key_of(const broker::GroupLeases& group) {
  return reinterpret_cast<std::uintptr_t>(&group);
}

}  // namespace

void ParkedPull::expire() { session.resume(*this, true); }
void ParkedPull::unmark() { session.context().unmark(*plan.queue); }
void ParkedPop::expire() { session.give_up(*this); }
void ParkedPop::unmark() { session.context().unmark(plan); }

void ReactorContext::park(ParkedPop& pop) {
  const auto& group = pop.plan.leases;
  auto& groups = popping_[pop.plan.topic.get()];
  if (std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
  pop.plan.topic->watchers().fetch_or(bit_, std::memory_order_seq_cst);
  group->watchers.fetch_or(bit_, std::memory_order_seq_cst);
  group->parked.fetch_add(1, std::memory_order_relaxed);
  pop.queue = key_of(*group);
  waits_.park(pop);
  arm();
}

void ReactorContext::unmark(const broker::PopPlan& plan) {
  plan.leases->parked.fetch_sub(1, std::memory_order_relaxed);
  if (waits_.any(key_of(*plan.leases))) return;
  plan.leases->watchers.fetch_and(~bit_, std::memory_order_seq_cst);
  const auto found = popping_.find(plan.topic.get());
  if (found == popping_.end()) return;
  std::erase(found->second, plan.leases);
  if (!found->second.empty()) return;
  popping_.erase(found);
  plan.topic->watchers().fetch_and(~bit_, std::memory_order_seq_cst);
}

void ReactorContext::offer(TopicKey topic) {
  const auto found = popping_.find(topic);
  if (found == popping_.end()) return;
  const auto groups = found->second;  // a copy: an answered pop may take its group out
  for (const auto& group : groups) offer(group);
}

void ReactorContext::offer(const std::shared_ptr<broker::GroupLeases>& group) {
  std::vector<std::shared_ptr<net::Connection>> answered;
  waits_.visit(key_of(*group), [&](delivery::Wait& wait) {
    auto& pop = static_cast<ParkedPop&>(wait);
    auto connection = pop.session.connection().shared_from_this();
    const bool takes_any = pop.plan.queue_id < 0 && !pop.plan.ordered;
    if (pop.session.try_answer(pop)) {
      answered.push_back(std::move(connection));
      return true;
    }
    return !takes_any || popped.rest > 0;
  });
  const bool kept = keep_leases();
  for (const auto& connection : answered) {
    if (kept) {
      connection->flush();
    } else {
      connection->close();
    }
  }
}

void ReactorContext::answer_when_kept(net::Connection& connection) {
  if (connection.hold()) held_.push_back(connection.shared_from_this());
  if (std::exchange(keep_posted_, true)) return;
  // Behind the connections that are readable now.
  reactor_.post([this] {
    keep_posted_ = false;
    if (!keep_leases()) return;
    for (const auto& held : std::exchange(held_, {})) held->release();
  });
}

bool ReactorContext::keep_leases() {
  const auto kept = pops.append(door_.clock().wall());
  if (!kept) {
    log::error("leases_not_logged", {{"why", kept.error().remark()}});
    for (const auto& held : std::exchange(held_, {})) held->close();
  }
  for (const auto& group : pops.take_woken()) door_.announce(group);
  return kept.has_value();
}

delivery::LeaseTime ReactorContext::lease_time() const {
  const Clock& clock = door_.clock();
  return door_.broker().leases().clock().read(clock.wall(), clock.steady());
}

void ReactorContext::expire_leases() {
  if (reactor_.index() != 0) return;
  for (const auto& group : broker().leases().expire(lease_time().now)) door_.announce(group);
}

std::optional<SteadyTime> ReactorContext::next_lease_end() const {
  if (reactor_.index() != 0) return std::nullopt;
  const auto deadline = door_.broker().leases().next_deadline();
  if (!deadline) return std::nullopt;
  return door_.clock().steady() + (*deadline - lease_time().now);
}

void ReactorContext::leases_end_sooner() {
  if (arm_posted_.exchange(true)) return;
  reactor_.post([this] {
    arm_posted_.store(false);
    arm();
  });
}

}  // namespace sluice::doors
