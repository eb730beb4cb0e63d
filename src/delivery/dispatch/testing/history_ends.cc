// The part of a history in which messages end, and its last act.
#include "delivery/dispatch/testing/history.h"

namespace sluice::delivery::testing {

/// Mostly of something that is out, sometimes of any delivery there ever was.
std::optional<Receipt> History::some_receipt() {
  if (receipts_.empty()) return std::nullopt;
  const std::vector<Receipt> held = referee_.receipts(somebody());
  Receipt receipt =
      held.empty() || chance(15) ? receipts_[below(receipts_.size())] : held[below(held.size())];
  const bool gone =
      dispatch_.cell().own && std::ranges::find(present_, receipt.member) == present_.end();
  if (gone) return std::nullopt;
  if (!restarted_ && chance(20)) receipt.stamp.reset();
  return receipt;
}

void History::acknowledge() {
  for (std::uint64_t left = 1 + below(4); left > 0; --left) {
    if (const auto receipt = some_receipt()) acknowledge(*receipt);
  }
}

void History::acknowledge(const Receipt& receipt) {
  Receipt shown = receipt;
  if (fault_ == Fault::any_ack_believed) {
    const auto& items = dispatch_.progress(receipt.member).items();
    const auto at = items.find(receipt.offset.value);
    if (at != items.end()) shown.stamp = at->second.stamp;
  }
  const auto outcome = dispatch_.acknowledge(shown, now_);
  note("ack {} by {} -> {}", receipt.offset.value, receipt.member, static_cast<int>(outcome));
  referee_.acknowledged(receipt, outcome);
  ++events_;
}

void History::acknowledge_to() {
  const MemberId member = somebody();
  if (member == kNobody || looks() || queue_.end().value == 0) return;
  const auto held = referee_.receipts(member);
  if (held.empty()) return;
  const QueueOffset offset = held[below(held.size())].offset;
  const auto outcome = dispatch_.acknowledge_to(member, offset, now_);
  note("ack to {} by {}", offset.value, member);
  const Cell& row = cell(plan_.model, plan_.mode);
  referee_.expect(outcome.has_value() == row.cumulative, "cumulative ack: wrong answer", offset);
  if (outcome) referee_.acknowledged_to(member, offset, *outcome);
}

void History::give_back() {
  const auto receipt = some_receipt();
  if (!receipt) return;
  const milliseconds delay(below(3) * 10);
  note("give back {} by {} delay {}", receipt->offset.value, receipt->member, delay.count());
  if (fault_ == Fault::nack_taken_for_ack) {
    return referee_.given_back(*receipt, delay, dispatch_.acknowledge(*receipt, now_));
  }
  const milliseconds told = fault_ == Fault::no_rest ? milliseconds(0) : delay;
  referee_.given_back(*receipt, delay, dispatch_.give_back(*receipt, told, now_));
}

void History::give_back_all() {
  const MemberId member = somebody();
  if (member == kNobody || looks()) return;
  note("give back all of {}", member);
  dispatch_.give_back_all(member, now_);
  referee_.gave_back_all(member);
}

void History::extend() {
  const auto receipt = some_receipt();
  if (!receipt || plan_.model != Model::pop) return;
  const WallTime deadline = now_ + milliseconds(1 + below(80));
  note("extend {} by {}", receipt->offset.value, receipt->member);
  const auto stamp = dispatch_.extend(*receipt, deadline, now_);
  if (!stamp) return;
  receipts_.push_back({receipt->member, receipt->offset, *stamp});
  referee_.extended(*receipt, *stamp, deadline);
}

void History::reject() {
  const auto receipt = some_receipt();
  if (!receipt) return;
  const auto outcome = dispatch_.reject(*receipt, now_);
  note("reject {} by {} -> {}", receipt->offset.value, receipt->member, static_cast<int>(outcome));
  referee_.rejected(*receipt, outcome);
  if (outcome != Dispatch::Outcome::done) return;
  const Dead dead{receipt->offset, 0, dispatch_.cell().own ? receipt->member : kNobody};
  if (dispatch_.bury(dead) == Dispatch::Outcome::done) referee_.buried(dead);
}

void History::bury() {
  for (const Dead& dead : dead_) {
    note("bury {}", dead.offset.value);
    if (dispatch_.bury(dead) == Dispatch::Outcome::done) referee_.buried(dead);
    ++events_;
  }
  dead_.clear();
}

void History::pass_time() {
  now_ += milliseconds(below(30));
  referee_.time(now_);
}

void History::retain() {
  if (queue_.end().value == 0) return;
  const QueueOffset end = retained_ + static_cast<std::int64_t>(below(6));
  for (; retained_ < end && retained_ < queue_.end(); retained_ += 1) {
    queue_.erase(retained_);
    referee_.erased(retained_);
  }
}

/// The process ends; what the lease queue says of itself is all that is left. Members come anew.
void History::restart() {
  if (dispatch_.cell().own) return;
  note("restart");
  const LeaseQueue& before = dispatch_.progress().queue();
  LeaseQueue copy(before.floor());
  copy.restore_next(before.next());
  before.for_each([&](const auto& message) { copy.restore(message); });
  dispatch_ = Dispatch(planted(plan_), std::move(copy), view_);
  for (const MemberId member : present_) referee_.left(member, Dispatch::Leases::run_out);
  referee_.restarted();
  present_.clear();
  restarted_ = true;
}

bool History::all_done() {
  const auto done = [&](MemberId member) {
    return dispatch_.progress(member).queue().floor() == queue_.end();
  };
  return dispatch_.cell().own ? std::ranges::all_of(present_, done) : done(kNobody);
}

/// Everybody behaves: takes, acknowledges, buries; the clock goes only where the engine says.
void History::settle() {
  note("settle");
  while (present_.empty()) join();
  if (filters_) referee_.note_unwanted();
  constexpr int kRounds = 500;
  for (int round = 0; round < kRounds && !all_done() && referee_.verdict().empty(); ++round) {
    const std::size_t before = events_;
    std::optional<WallTime> again;
    for (const MemberId member : present_) {
      if (plan_.model == Model::push) {
        dispatch_.add_permits(member, 10);
        referee_.permitted(member, 10);
      }
      serve(member, 10, milliseconds(50));
      if (again_ && (!again || *again_ < *again)) again = again_;
      for (const Receipt& receipt : referee_.receipts(member)) acknowledge(receipt);
    }
    bury();
    if (events_ != before || all_done()) continue;
    if (!again) return referee_.expect(false, "asleep with work to do", queue_.end());
    now_ = std::max(now_, *again);
    referee_.time(now_);
  }
  if (!referee_.verdict().empty()) return;
  referee_.expect(all_done(), "no end", queue_.end());
  if (!dispatch_.cell().own) return referee_.finish(kNobody, dispatch_.progress().queue().floor());
  for (const MemberId member : present_) {
    referee_.finish(member, dispatch_.progress(member).queue().floor());
  }
}

}  // namespace sluice::delivery::testing
