#include "delivery/dispatch/hand_out.h"

#include <array>

namespace sluice::delivery {

using Kind = Choice::Kind;

void HandOut::run(Decision& decision) {
  out_.begin_batch();
  if (redeliver(decision)) hand_new(decision);
  out_.flush();
}

Choice HandOut::choose(const Entry& entry) {
  const bool joined = entry.joined && latest_ && latest_->offset + 1 == entry.offset;
  Choice choice = joined ? Choice{Kind::give, latest_->member} : assigner_.choose(entry);
  if (choice.kind == Kind::give &&
      !out_.may_go(assigner_.slot(entry), entry.offset, choice.member)) {
    choice.kind = Kind::leave;
  }
  if (choice.kind == Kind::leave && out_.terms().order == Order::queue) choice.kind = Kind::stop;
  return choice;
}

bool HandOut::redeliver(Decision& decision) {
  QueueOffset from;
  while (const auto ready = out_.queue().next_ready(from)) {
    from = ready->offset + 1;
    const auto entry = entry_at(view_, ready->offset);
    if (!entry) {
      out_.finish(ready->offset);
      continue;
    }
    if (out_.is_lost(*ready)) {
      out_.give_up(ready->offset, grant_.now);
      decision.dead.push_back({ready->offset, ready->attempts});
      continue;
    }
    const Choice choice = choose(*entry);
    if (choice.kind == Kind::stop) return false;
    if (choice.kind == Kind::finish) out_.finish(ready->offset);
    if (choice.kind == Kind::give) deliver(*entry, choice.member, ready->attempts, decision);
  }
  return true;
}

void HandOut::deliver(const Entry& entry, MemberId member, std::int32_t attempts,
                      Decision& decision) {
  grant_.member = member;
  const WallTime stamp = entry.offset < out_.next()
                             ? out_.hand_again(entry.offset, grant_)
                             : out_.hand_first(assigner_.slot(entry), grant_);
  assigner_.took(member);
  latest_ = Delivery{member, entry.offset, attempts, stamp, grant_.deadline};
  decision.deliveries.push_back(*latest_);
}

void HandOut::hand_new(Decision& decision) {
  std::array<Entry, 64> chunk;
  for (int scanned = 0; scanned < kScanMax;) {
    const std::size_t count = view_.read(out_.next(), chunk);
    if (count == 0) {
      out_.skip_to(view_.end());  // nothing is left of the messages before the end
      return;
    }
    for (const Entry& entry : std::span(chunk).first(count)) {
      if (entry.offset > out_.next()) out_.skip_to(entry.offset);
      if (!hand_one(entry, decision)) return;
    }
    scanned += static_cast<int>(count);
  }
  decision.again = grant_.now;
}

bool HandOut::hand_one(const Entry& entry, Decision& decision) {
  const bool joined = entry.joined && latest_ && latest_->offset + 1 == entry.offset;
  if (out_.unfinished() >= out_.terms().unfinished_max && !joined) return false;
  const Choice choice = choose(entry);
  if (choice.kind == Kind::stop) return false;
  if (choice.kind == Kind::finish) {
    out_.finish_first();
  } else if (entry.not_before > grant_.now && out_.terms().order != Order::queue) {
    out_.rest_first(assigner_.slot(entry), entry.not_before, grant_.now);
  } else if (choice.kind == Kind::give) {
    deliver(entry, choice.member, 0, decision);
  } else if (out_.ready() < out_.terms().passed_over_max) {
    out_.leave_first(assigner_.slot(entry));
  } else {
    return false;
  }
  return true;
}

}  // namespace sluice::delivery
