#include "delivery/dispatch/testing/history.h"

#include <array>
#include <iterator>

namespace sluice::delivery::testing {
Plan History::make_plan() {
  Plan plan;
  const Cell& row = cells()[below(cells().size())];
  plan.model = row.model;
  plan.mode = row.mode;
  plan.fifo = row.model != Model::push && chance(25);
  plan.out_of_order = chance(10);
  plan.keys = chance(50) ? KeyRanges::Kind::ring : KeyRanges::Kind::split;
  plan.active = {chance(50), static_cast<std::uint32_t>(below(5))};
  plan.retry = chance(50) ? RetryPolicy::fixed({milliseconds(3), milliseconds(30)})
                          : RetryPolicy::exponential(milliseconds(1), 2, milliseconds(20));
  if (chance(50)) plan.retry = plan.retry.up_to(static_cast<std::int32_t>(1 + below(4)));
  plan.unfinished_max = chance(30) ? 4 + below(8) : 1000;
  if (chance(20)) plan.passed_over_max = below(8);
  plan.failover_delay = milliseconds(below(2) * 50);
  plan.bury_within = milliseconds(25);
  plan.believe_late = chance(70);
  return plan;
}

Plan History::planted(Plan plan) const {
  if (fault_ == Fault::keys_not_held_back) plan.out_of_order = true;
  if (fault_ == Fault::everybody_active && plan.mode == Mode::failover) plan.mode = Mode::shared;
  if (fault_ == Fault::endless_retries) plan.retry = plan.retry.up_to(0);
  if (fault_ == Fault::batches_overlap) plan.fifo = false;
  return plan;
}

std::size_t History::View::read(QueueOffset from, std::span<Entry> out) const {
  const std::size_t count = queue.read(from, out);
  if (owner.fault_ != Fault::message_skipped) return count;
  const auto kept = std::remove_if(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count),
                                   [](const Entry& entry) { return entry.offset.value == 3; });
  return static_cast<std::size_t>(kept - out.begin());
}

std::string History::run() {
  struct Weighted {
    int weight;
    Step step;
  };
  static constexpr std::array kSteps{
      Weighted{20, &History::arrive},        Weighted{10, &History::join},
      Weighted{5, &History::leave},          Weighted{12, &History::permit},
      Weighted{40, &History::serve},         Weighted{30, &History::acknowledge},
      Weighted{4, &History::acknowledge_to}, Weighted{12, &History::give_back},
      Weighted{3, &History::give_back_all},  Weighted{5, &History::extend},
      Weighted{4, &History::reject},         Weighted{6, &History::bury},
      Weighted{25, &History::pass_time},     Weighted{1, &History::retain},
      Weighted{1, &History::restart}};
  int total = 0;
  for (const Weighted& one : kSteps) total += one.weight;
  filters_ = chance(25);
  delays_ = chance(20);
  referee_.time(now_);
  note("{} fifo {} out of order {} attempts {} unfinished {}", cell(plan_.model, plan_.mode).name,
       plan_.fifo, plan_.out_of_order, plan_.retry.attempts(), plan_.unfinished_max);
  arrive();
  join();
  for (std::uint64_t left = 40 + below(60); left > 0 && referee_.verdict().empty(); --left) {
    auto pick = static_cast<int>(below(static_cast<std::uint64_t>(total)));
    const auto* step = kSteps.begin();
    for (; pick >= step->weight; ++step) pick -= step->weight;
    (this->*step->step)();
    if (filters_) referee_.note_unwanted();
  }
  if (referee_.verdict().empty()) settle();
  return referee_.verdict();
}

void History::arrive() {
  for (std::uint64_t left = 1 + below(6); left > 0 && queue_.end().value < 60; --left) {
    const bool joined = left > 1 && chance(10);
    const Entry* before = queue_.find(queue_.end() - 1);
    const bool batch = joined && before != nullptr;
    const auto key = batch ? before->key : static_cast<std::uint32_t>(below(6) * 11'000);
    const auto tag = batch ? before->tag : static_cast<std::int64_t>(below(3));
    note("arrive {} key {} tag {}{}", queue_.end().value, key, tag, batch ? " joined" : "");
    const QueueOffset offset = queue_.append(key, tag, batch);
    if (!delays_ || !chance(20)) continue;
    const WallTime until = now_ + milliseconds(1 + below(60));
    note("  not before {}", unix_ms(until));
    queue_.delay(offset, until);
  }
}

void History::join() {
  if (present_.size() >= 4) return;
  Joining about;
  about.id = latest_ + 1;
  about.name = fmt::format("member-{}", below(6));
  about.priority = static_cast<std::int32_t>(below(4) / 3);
  if (chance(25)) about.held_max = 1 + below(5);
  const bool each_its_own = cell(plan_.model, plan_.mode).receiver == Receiver::turn;
  if (filters_) queue_.want(about.id, {0, each_its_own ? 1 + static_cast<int>(below(2)) : 1});
  const auto notices = dispatch_.join(about, now_);
  note("join {} priority {} held_max {} -> {}", about.id, about.priority, about.held_max,
       notices.has_value());
  const bool full = cell(plan_.model, plan_.mode).one_member && !present_.empty();
  referee_.expect(notices.has_value() != full, "join: wrong answer", {});
  if (!notices) return;
  latest_ = about.id;
  present_.push_back(about.id);
  if (fault_ == Fault::held_without_limit)
    about.held_max = std::min<std::size_t>(about.held_max, 3);
  referee_.joined(about);
  referee_.noticed(*notices, now_);
}

void History::leave() {
  const MemberId member = somebody();
  if (member == kNobody) return;
  const bool crash = plan_.model == Model::push || chance(50);
  const auto leases = crash ? Dispatch::Leases::give_back : Dispatch::Leases::run_out;
  note("{} {}", crash ? "crash" : "leave", member);
  std::erase(present_, member);
  referee_.left(member, leases);
  if (fault_ == Fault::crash_unnoticed) return;
  referee_.noticed(dispatch_.leave(member, leases, now_), now_);
}

void History::permit() {
  const MemberId member = somebody();
  if (member == kNobody || plan_.model != Model::push) return;
  const auto permits = static_cast<std::int64_t>(1 + below(6));
  note("permits {} {}", member, permits);
  dispatch_.add_permits(member, fault_ == Fault::permits_doubled ? 2 * permits : permits);
  referee_.permitted(member, permits);
}

void History::serve() {
  serve(somebody(), static_cast<std::int32_t>(1 + below(6)), milliseconds(1 + below(60)));
}

void History::serve(MemberId member, std::int32_t count, milliseconds lease) {
  if (plan_.model == Model::push) return take(dispatch_.push(view_, now_), 0);
  if (member == kNobody) return;
  if (looks()) return look(member);
  if (plan_.model == Model::pull) {
    const auto from = QueueOffset(
        static_cast<std::int64_t>(below(static_cast<std::uint64_t>(queue_.end().value) + 1)));
    note("pull {} from {} count {}", member, from.value, count);
    auto seen = dispatch_.pull(view_, {member, from, count}, now_);
    if (seen) return take(std::move(seen->decision), 0);
  } else {
    if (fault_ == Fault::early_expiry) dispatch_.acknowledge({member}, now_ + milliseconds(9));
    const std::uint64_t attempt = 1 + below(3);
    note("pop {} count {} lease {} attempt {}", member, count, lease.count(), attempt);
    const auto decision = dispatch_.pop(view_, {member, count, lease, attempt}, now_);
    if (decision) return take(*decision, attempt);
  }
  referee_.expect(false, "a member was refused", {});
}

void History::look(MemberId member) {
  const auto seen = dispatch_.pull(view_, {member, dispatch_.progress(member).next(), 9}, now_);
  referee_.expect(seen.has_value(), "a member was refused", {});
  if (!seen) return;
  if (fault_ != Fault::sleeps_too_long) again_ = seen->decision.again;
  QueueOffset from = dispatch_.progress(member).next();
  note("look {} from {} -> {} next {}", member, from.value, seen->decision.deliveries.size(),
       seen->next.value);
  const bool active = plan_.mode != Mode::failover || member == dispatch_.active();
  referee_.expect(active || (!seen->may_read && seen->next == from), "not active", from);
  handed_ += seen->decision.deliveries.size();
  auto one = seen->decision.deliveries.begin();
  for (; from < seen->next; from += 1) {
    const Entry* entry = queue_.find(from);
    if (entry == nullptr || !queue_.wanted_by(member, *entry)) continue;
    const bool there = one != seen->decision.deliveries.end() && one->offset == from;
    referee_.expect(there, "not seen", from);
    if (there) ++one;
  }
  referee_.expect(one == seen->decision.deliveries.end(), "seen, but not wanted", from);
  const auto before = dispatch_.progress(member).next();
  if (seen->next > before) {
    ++events_;
    dispatch_.acknowledge_to(member, seen->next - 1, now_).value();
  }
}

void History::take(Decision decision, std::uint64_t attempt) {
  again_ = fault_ == Fault::sleeps_too_long ? std::nullopt : decision.again;
  for (Delivery& one : decision.deliveries) {
    if (fault_ == Fault::wrong_hands && chance(5)) one.member = somebody();
    note("  {} gets {} attempts {}", one.member, one.offset.value, one.attempts);
    receipts_.push_back({one.member, one.offset, one.stamp});
  }
  for (const Dead& one : decision.dead) {
    note("  dead {}", one.offset.value);
    dead_.push_back(one);
  }
  handed_ += decision.deliveries.size() + decision.dead.size();
  events_ += decision.deliveries.size() + decision.dead.size();
  referee_.handed(decision, attempt);
}

}  // namespace sluice::delivery::testing
