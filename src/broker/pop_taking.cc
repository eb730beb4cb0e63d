#include <algorithm>
#include <array>

#include "base/patient_lock.h"
#include "broker/broker.h"
#include "broker/matching.h"
#include "broker/popping.h"

/// Which messages a pop takes: first those that were out before, then those that come next.
namespace sluice::broker {
namespace {

constexpr std::size_t kEntriesAtOnce = 64;
constexpr std::size_t kScanMax = 16'000;      // messages looked at in one queue for one pop
constexpr std::size_t kBytesMax = 4 << 20;    // in one answer, but for a single larger message
constexpr milliseconds kFilterKept{600'000};  // a member that has not asked for longer is gone

bool same_filter(const delivery::Subscription* a, const delivery::Subscription* b) {
  if (!a || !b) return a == b;
  return a->type == b->type && a->expression == b->expression;
}

Result<store::IndexEntry> entry_at(const store::Queue& index, QueueOffset offset) {
  std::array<store::IndexEntry, 1> entry;
  SLUICE_TRY(const std::size_t count, index.read(offset, entry));
  if (count == 0) return fail(Errc::offset_not_found, "the queue's index ends before the message");
  return entry[0];
}

/// Neither for this group any more, nor to be logged: what comes to the same after a restart.
void forget(delivery::LeaseQueue& state, QueueOffset offset, const delivery::Lease& lease) {
  state.lease_again(offset, lease);
  state.acknowledge(offset, lease.stamp);
}

}  // namespace

/// One pop while it runs.
struct PopBatch::Taking {
  const PopPlan& plan;
  GroupLeases& group;
  delivery::LeaseTime now;
  delivery::Lease lease;
  PopResult& result;
  std::uint32_t filter;  ///< id of the plan's

  bool room_for(std::int32_t bytes) const {
    if (result.messages.empty()) return true;
    return std::cmp_less(result.messages.size(), plan.max_messages) &&
           result.bytes + static_cast<std::size_t>(bytes) <= kBytesMax;
  }
  /// Whether messages that others want may lie among those that are ready: then they are taken as
  /// they became ready, so that none is looked at twice; else in their own order.
  bool by_turn() const { return group.filters.size() > 1 && !plan.ordered; }
  /// Entries to look at next: without a filter none is looked at that is not taken.
  std::size_t ahead() const {
    if (plan.subscription) return kEntriesAtOnce;
    return static_cast<std::size_t>(plan.max_messages) - result.messages.size();
  }
  bool full() const { return std::cmp_greater_equal(result.messages.size(), plan.max_messages); }
};

std::uint32_t PopBatch::remember_filter(const PopPlan& plan, WallTime lease_now) {
  GroupLeases& group = *plan.leases;
  const auto* const mine = plan.subscription.get();
  std::optional<std::uint32_t> known;
  for (KnownFilter& filter : group.filters) {
    const bool same = same_filter(filter.subscription.get(), mine);
    if (same || filter.seen == WallTime{}) filter.seen = lease_now;
    if (same) known = filter.id;
  }
  std::size_t changes = 0;
  if (!known) {
    known = group.next_filter++;
    group.filters.push_back({*known, plan.subscription, lease_now});
    change_ = {.kind = LeaseChange::Kind::filter,
               .group = group.group,
               .topic = group.topic,
               .filter_type = mine ? std::string_view(mine->type) : "TAG",
               .filter = mine ? std::string_view(mine->expression) : "*"};
    group.changes.add(change_);
    touch(plan.leases);
    ++changes;
  }
  if (group.filters.size() > 1) {
    changes += std::erase_if(group.filters, [=](const KnownFilter& filter) {
      return lease_now - filter.seen > kFilterKept;
    });
  }
  // What was left for a filter that is gone may be nobody's now: everybody looks again.
  for (auto& [id, leases] : group.queues) {
    if (changes > 0) leases.passed.clear();
  }
  return *known;
}

Result<PopBatch::Fate> PopBatch::fate(const Taking& taking, const store::IndexEntry& entry) const {
  const auto* const mine = taking.plan.subscription.get();
  if (entry.size == store::kBlankEntrySize) return Fate::finish;  // the message was lost
  if (!mine) return Fate::lease;
  SLUICE_TRY(const bool wanted, matches(broker_.store(), mine, entry));
  if (wanted) return Fate::lease;
  for (const KnownFilter& other : taking.group.filters) {
    if (same_filter(other.subscription.get(), mine)) continue;
    SLUICE_TRY(const bool by_other, matches(broker_.store(), other.subscription.get(), entry));
    if (by_other) return Fate::leave;
  }
  return Fate::finish;
}

std::optional<delivery::Ready> PopBatch::next_ready(
    const Taking& taking, const QueueLeases& leases,
    const std::optional<delivery::Ready>& after) const {
  if (!taking.by_turn()) {
    return leases.state.next_ready(after ? after->offset + 1 : QueueOffset(0));
  }
  const auto passed = leases.passed.find(taking.filter);
  const std::uint64_t begin = passed == leases.passed.end() ? 0 : passed->second;
  return leases.state.next_ready_after(after ? after->turn : begin);
}

Result<void> PopBatch::take_ready(Taking& taking, QueueId id, QueueLeases& leases,
                                  const store::Queue& index) {
  delivery::LeaseQueue& state = leases.state;
  taken_.clear();
  auto ready = next_ready(taking, leases, std::nullopt);
  for (; ready && !taking.full(); ready = next_ready(taking, leases, ready)) {
    const bool gone =
        ready->offset < index.min() || index.first_from(ready->offset) != ready->offset;
    if (gone) {
      forget(state, ready->offset, taking.lease);
      continue;
    }
    SLUICE_TRY(const auto entry, entry_at(index, ready->offset));
    SLUICE_TRY(const Fate fate, this->fate(taking, entry));
    if (fate == Fate::finish) forget(state, ready->offset, taking.lease);
    if (fate == Fate::lease && !taking.room_for(entry.size)) break;
    if (taking.by_turn()) leases.passed[taking.filter] = ready->turn;
    if (fate != Fate::lease) continue;
    state.lease_again(ready->offset, taking.lease);
    taken_.push_back({ready->offset, ready->attempts});
    taking.result.messages.push_back({id, ready->offset, ready->attempts});
    taking.result.bytes += static_cast<std::size_t>(entry.size);
    taking.result.entries.push_back(entry);
  }
  if (!taken_.empty()) {
    log(LeaseChange::Kind::leased, taking.plan.leases, id, state.next(), taking.lease, taken_);
  }
  return {};
}

Result<void> PopBatch::take_new(Taking& taking, QueueId id, QueueLeases& leases,
                                const store::Queue& index) {
  delivery::LeaseQueue& state = leases.state;
  state.restore_next(index.min());
  if (state.unfinished() >= kUnfinishedMax) return {};
  fates_.clear();
  taken_.clear();
  left_.clear();
  std::array<store::IndexEntry, kEntriesAtOnce> entries;
  QueueOffset at = state.next();
  for (bool more = !taking.full(); more && fates_.size() < kScanMax;) {
    // What compaction took away is done for this group.
    for (const auto next = index.first_from(at); at < next && fates_.size() < kScanMax; at += 1) {
      fates_.push_back(Fate::finish);
    }
    SLUICE_TRY(const std::size_t count, index.read(at, std::span(entries).first(taking.ahead())));
    more = count > 0;
    for (std::size_t i = 0; i < count && more; ++i) {
      SLUICE_TRY(const Fate fate, this->fate(taking, entries[i]));
      if (fate == Fate::lease) {
        if (taking.full() || !taking.room_for(entries[i].size)) {
          more = false;
          break;
        }
        taken_.push_back({at});
        taking.result.messages.push_back({id, at});
        taking.result.bytes += static_cast<std::size_t>(entries[i].size);
        taking.result.entries.push_back(entries[i]);
      } else if (fate == Fate::leave) {
        left_.push_back({at});
      }
      fates_.push_back(fate);
      at += 1;
    }
  }
  taking.result.more |= fates_.size() >= kScanMax;
  state.advance(fates_, taking.lease);
  if (!taken_.empty()) {
    log(LeaseChange::Kind::leased, taking.plan.leases, id, state.next(), taking.lease, taken_);
  }
  taking.result.left |= !left_.empty();
  if (!left_.empty())
    log(LeaseChange::Kind::ready, taking.plan.leases, id, state.next(), {}, left_);
  return {};
}

Result<void> PopBatch::take(Taking& taking, QueueId id) {
  TopicQueue* const queue = taking.plan.topic->queue(id);
  if (!queue) return {};
  const store::Queue& index = *queue->index;
  SLUICE_TRY(QueueLeases* const leases, leases_of(taking.plan, id, index));
  const bool ended = leases->state.expire(taking.now.now) > 0;
  const std::size_t before = taking.result.messages.size();
  const bool blocked = taking.plan.ordered && leases->state.leased() > 0;
  if (!blocked) {
    SLUICE_CHECK(take_ready(taking, id, *leases, index));
    SLUICE_CHECK(take_new(taking, id, *leases, index));
  }
  if (taking.plan.ordered && taking.result.messages.size() > before) {
    leases->attempt_id = taking.plan.attempt_id;
    leases->attempt_stamp = taking.now.stamp;
  }
  report(taking.group, id, *leases);
  // What ran out is not for the asker alone, and the timer will find nothing any more.
  if (ended && leases->state.ready() > 0) wake(taking.plan.leases);
  taking.result.rest +=
      index.max() - leases->state.next() + static_cast<std::int64_t>(leases->state.ready());
  return {};
}

Result<bool> PopBatch::repeat(Taking& taking) {
  const PopPlan& plan = taking.plan;
  if (!plan.ordered || plan.attempt_id.empty()) return false;
  for (auto& [id, leases] : taking.group.queues) {
    if (plan.queue_id >= 0 && id.value != plan.queue_id) continue;
    if (leases.attempt_id != plan.attempt_id) continue;
    const TopicQueue* const queue = plan.topic->queue(id);
    if (!queue) continue;  // the topic has fewer queues now
    auto& messages = taking.result.messages;
    leases.state.for_each([&](const delivery::LeaseQueue::Unfinished& message) {
      const bool same = message.leased && message.lease.stamp == leases.attempt_stamp &&
                        message.lease.deadline > taking.now.now;
      if (same) messages.push_back({id, message.offset, message.attempts});
    });
    if (messages.empty()) continue;
    std::erase_if(messages, [&](const PopResult::Message& message) {
      return queue->index->first_from(message.offset) != message.offset;
    });
    std::ranges::sort(messages, {}, &PopResult::Message::offset);
    taking.result.stamp = leases.attempt_stamp;
    for (const PopResult::Message& message : messages) {
      SLUICE_TRY(const auto entry, entry_at(*queue->index, message.offset));
      taking.result.bytes += static_cast<std::size_t>(entry.size);
      taking.result.entries.push_back(entry);
    }
    return true;
  }
  return false;
}

Result<void> PopBatch::take_all(Taking& taking) {
  SLUICE_TRY(const bool repeated, repeat(taking));
  if (repeated) return {};
  const PopPlan& plan = taking.plan;
  if (plan.queue_id >= 0) return take(taking, QueueId(plan.queue_id));
  const auto queues = static_cast<std::uint32_t>(plan.topic->read_queues());
  const std::uint32_t first = taking.group.turn++;
  for (std::uint32_t i = 0; i < queues && !taking.full(); ++i) {
    SLUICE_CHECK(take(taking, QueueId(static_cast<std::int32_t>((first + i) % queues))));
  }
  return {};
}

Result<void> PopBatch::pop(const PopPlan& plan, const delivery::LeaseTime& now, PopResult& result,
                           Wait wait) {
  result.clear();
  result.stamp = now.stamp;
  result.log_begins = broker_.store().min_position();
  {
    GroupLeases& group = *plan.leases;
    const auto lock = lock_patiently(group.mutex);
    if (group.removed) return fail(Errc::group_not_found, "the group or the topic was deleted");
    const std::uint32_t filter = remember_filter(plan, now.now);
    Taking taking{plan, group, now, {now.stamp, now.now + plan.invisible}, result, filter};
    auto taken = take_all(taking);
    broker_.leases().schedule(plan.leases);
    SLUICE_CHECK(std::move(taken));
  }
  return read_popped(broker_, result, wait);
}

}  // namespace sluice::broker
