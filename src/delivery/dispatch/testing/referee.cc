#include "delivery/dispatch/testing/referee.h"

namespace sluice::delivery::testing {

void Referee::handed(const Decision& decision, std::uint64_t attempt) {
  ++pass_;
  for (const Delivery& delivery : decision.deliveries) handed_one(delivery, attempt);
  for (const Dead& dead : decision.dead) {
    Message& message = at(dead.progress, dead.offset);
    expect(plan_.retry.is_dead(message.failures), "dead before its time", dead.offset);
    expect(message.holder == kNobody && !message.finished, "dead while held", dead.offset);
    message.dead = true;
  }
}

void Referee::handed_one(const Delivery& delivery, std::uint64_t attempt) {
  const auto [id, offset] = std::pair(delivery.member, delivery.offset);
  const Entry* entry = queue_.find(offset);
  expect(entry != nullptr, "no such message", offset);
  expect(members_.contains(id), "the member is not there", offset);
  if (!verdict_.empty()) return;
  Message& message = at(id, offset);
  const bool same = one_batch_ && message.holder != kNobody && message.attempt == attempt;
  const bool reread = plan_.model == Model::pull && message.holder == id;
  expect(queue_.wanted_by(id, *entry), "not wanted", offset);
  expect(!message.finished && !message.dead, "finished already", offset);
  expect(message.holder == kNobody || same || reread, "two holders", offset);
  expect(message.rests_until <= now_, "it rests", offset);
  expect(entry->not_before <= now_ || order_ == Order::queue, "before its time", offset);
  expect(delivery.attempts == message.failures, "attempts miscounted", offset);
  expect(!plan_.retry.is_dead(message.failures), "delivered instead of dead", offset);
  if (plan_.mode == Mode::failover) {
    expect(id == active_, "not active", offset);
    expect(same || now_ >= starts_, "too early after the failover", offset);
  }
  if (message.holder == kNobody) {
    check_order(id, *entry);
    std::size_t held = 0;
    for (const auto& [other, one] : of(id)) held += one.holder == id ? 1 : 0;
    expect(held < members_[id].held_max || entry->joined, "holds too many", offset);
    if (plan_.model == Model::push) {
      expect(--members_[id].permits >= 0 || entry->joined, "without permit", offset);
    }
  }
  message.holder = id;
  message.stamp = delivery.stamp;
  message.deadline = delivery.deadline;
  message.attempt = attempt;
  if (!same) message.pass = pass_;
}

void Referee::check_order(MemberId id, const Entry& entry) {
  if (order_ == Order::none || (order_ == Order::key && entry.not_before != WallTime{})) return;
  for (std::int64_t offset = 0; offset < queue_.end().value; ++offset) {
    const Entry* other = queue_.find(QueueOffset(offset));
    if (other == nullptr || offset == entry.offset.value) continue;
    if (order_ == Order::key && (other->key != entry.key || other->not_before != WallTime{}))
      continue;
    const Message& message = at(id, QueueOffset(offset));
    if (message.finished || unwanted_.contains(offset) || !queue_.wanted_by(id, *other)) continue;
    const bool held = message.holder != kNobody;
    expect(!held || message.holder == id, "its order is in other hands", entry.offset);
    expect(held || offset > entry.offset.value, "before an earlier one", entry.offset);
    if (one_batch_) expect(!held || message.pass == pass_, "a second batch", entry.offset);
  }
}

void Referee::finish(MemberId progress, QueueOffset floor) {
  expect(floor == queue_.end(), "the floor did not reach the end", floor);
  for (std::int64_t offset = 0; offset < queue_.end().value; ++offset) {
    const bool excused = erased_.contains(offset) || unwanted_.contains(offset);
    if (!excused && cell_.leases) {
      expect(at(progress, QueueOffset(offset)).finished, "lost", QueueOffset(offset));
    }
  }
}

void Referee::note_unwanted() {
  if (members_.empty()) return;
  for (std::int64_t offset = 0; offset < queue_.end().value; ++offset) {
    const Entry* entry = queue_.find(QueueOffset(offset));
    bool wanted = false;
    for (const auto& [id, member] : members_) wanted |= entry && queue_.wanted_by(id, *entry);
    if (!wanted) unwanted_.insert(offset);
  }
}

}  // namespace sluice::delivery::testing
