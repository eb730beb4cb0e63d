#include "broker/popping.h"

#include <algorithm>

#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/matching.h"

namespace sluice::broker {
namespace {

constexpr std::size_t kEntriesAtOnce = 64;
constexpr std::size_t kScanMax = 16'000;      // messages looked at in one queue for one pop
constexpr std::size_t kBytesMax = 4 << 20;    // in one answer, but for a single larger message
constexpr milliseconds kFilterKept{600'000};  // a member that has not asked for longer is gone

Result<std::shared_ptr<const delivery::Subscription>> parse(const Broker& broker,
                                                            const PopQuery& query) {
  if (query.expression.empty() || query.expression == "*") return nullptr;
  const std::string_view type = query.expression_type.empty() ? "TAG" : query.expression_type;
  SLUICE_TRY(auto parsed, broker.parse_subscription(query.topic, query.expression, type, 0));
  if (parsed.wants_all()) return nullptr;
  return std::make_shared<const delivery::Subscription>(std::move(parsed));
}

bool same_filter(const delivery::Subscription* a, const delivery::Subscription* b) {
  if (!a || !b) return a == b;
  return a->type == b->type && a->expression == b->expression;
}

void remember_filter(GroupLeases& group, const PopPlan& plan, WallTime now) {
  auto& filters = group.filters;
  const auto known = std::ranges::find_if(filters, [&](const KnownFilter& filter) {
    return same_filter(filter.subscription.get(), plan.subscription.get());
  });
  if (known != filters.end()) {
    known->seen = now;
  } else {
    filters.push_back({plan.subscription, now});
  }
  if (filters.size() > 1) {
    std::erase_if(filters, [now](const KnownFilter& f) { return now - f.seen > kFilterKept; });
  }
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
  WallTime now;
  delivery::Lease lease;
  PopResult& result;

  bool room_for(std::int32_t bytes) const {
    if (result.messages.empty()) return true;
    return std::cmp_less(result.messages.size(), plan.max_messages) &&
           result.bytes + static_cast<std::size_t>(bytes) <= kBytesMax;
  }
  bool full() const { return std::cmp_greater_equal(result.messages.size(), plan.max_messages); }
};

void PopResult::clear() {
  stamp = {};
  messages.clear();
  records.clear();
  bytes = 0;
  rest = 0;
  left = false;
}

Result<PopPlan> PopBatch::prepare(const PopQuery& query, WallTime now) {
  SLUICE_TRY(const auto group, broker_.groups().find_or_create(query.group, now));
  if (!group->consume_enable) {
    return fail(Errc::not_permitted, fmt::format("group {} may not consume", query.group));
  }
  if (query.max_messages < 1 || query.max_messages > kPopMessagesMax) {
    return fail(Errc::invalid_argument, fmt::format("maxMsgNums is {}, 1 to {} are allowed",
                                                    query.max_messages, kPopMessagesMax));
  }
  if (query.invisible < kInvisibleMin || query.invisible > kInvisibleMax) {
    return fail(Errc::invalid_argument,
                fmt::format("invisibleTime is {} ms, {} to {} are allowed", query.invisible.count(),
                            kInvisibleMin.count(), kInvisibleMax.count()));
  }
  SLUICE_TRY(auto found, broker_.find_queue(query.topic, QueueId(std::max(query.queue_id, 0))));
  const auto& topic = found.first;
  if ((topic->perm() & kPermRead) == 0) {
    return fail(Errc::not_permitted,
                fmt::format("topic {} is not readable (perm {})", query.topic, topic->perm()));
  }
  SLUICE_TRY(auto subscription, parse(broker_, query));
  return PopPlan{.topic = topic,
                 .leases = broker_.leases().find_or_create(query.group, query.topic),
                 .subscription = std::move(subscription),
                 .queue_id = query.queue_id,
                 .max_messages = query.max_messages,
                 .invisible = query.invisible,
                 .start = query.start,
                 .ordered = query.ordered,
                 .attempt_id = std::string(query.attempt_id)};
}

Result<QueueOffset> PopBatch::start_of(const PopPlan& plan, QueueId id,
                                       const store::Queue& index) const {
  const GroupLeases& group = *plan.leases;
  if (const auto committed = broker_.progress().committed(group.group, group.topic, id)) {
    return *committed;
  }
  if (plan.start == PopStart::first) return index.min();
  auto young = broker_.query_offset(group.group, group.topic, id, true);
  if (young) return *young;
  if (young.error().code() != Errc::offset_not_found) return fail(std::move(young.error()));
  return std::max(index.min(), index.max() - 1);
}

Result<QueueLeases*> PopBatch::leases_of(const PopPlan& plan, QueueId id,
                                         const store::Queue& index) {
  GroupLeases& group = *plan.leases;
  const auto found = group.queues.find(id);
  if (found != group.queues.end()) {
    const auto committed = broker_.progress().committed(group.group, group.topic, id);
    if (!committed || *committed == found->second.reported) return &found->second;
    group.queues.erase(found);  // somebody else moved the group's progress: begin there
  }
  SLUICE_TRY(const QueueOffset start, start_of(plan, id, index));
  broker_.progress().commit(group.group, group.topic, id, start);
  std::vector<LeaseChange::Item> none;
  log(LeaseChange::Kind::reset, group, id, start, {}, none);
  return &group.queues.try_emplace(id, start).first->second;
}

Result<PopBatch::Fate> PopBatch::fate(const Taking& taking, const store::IndexEntry& entry) const {
  const auto* const mine = taking.plan.subscription.get();
  SLUICE_TRY(const bool wanted, matches(broker_.store(), mine, entry));
  if (wanted) return Fate::lease;
  for (const KnownFilter& other : taking.group.filters) {
    if (same_filter(other.subscription.get(), mine)) continue;
    SLUICE_TRY(const bool by_other, matches(broker_.store(), other.subscription.get(), entry));
    if (by_other) return Fate::leave;
  }
  return Fate::finish;
}

Result<void> PopBatch::take_ready(Taking& taking, QueueId id, QueueLeases& leases,
                                  const store::Queue& index) {
  delivery::LeaseQueue& state = leases.state;
  taken_.clear();
  auto ready = state.next_ready(QueueOffset(0));
  for (; ready && !taking.full(); ready = state.next_ready(ready->offset + 1)) {
    if (ready->offset < index.min()) {
      forget(state, ready->offset, taking.lease);
      continue;
    }
    SLUICE_TRY(const auto entry, entry_at(index, ready->offset));
    SLUICE_TRY(const Fate fate, this->fate(taking, entry));
    if (fate == Fate::finish) forget(state, ready->offset, taking.lease);
    if (fate != Fate::lease) continue;
    if (!taking.room_for(entry.size)) break;
    state.lease_again(ready->offset, taking.lease);
    taken_.push_back({ready->offset, ready->attempts});
    taking.result.messages.push_back({id, ready->offset, ready->attempts});
    taking.result.bytes += static_cast<std::size_t>(entry.size);
    entries_.push_back(entry);
  }
  if (!taken_.empty()) {
    log(LeaseChange::Kind::leased, taking.group, id, state.next(), taking.lease, taken_);
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
    SLUICE_TRY(const std::size_t count, index.read(at, entries));
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
        entries_.push_back(entries[i]);
      } else if (fate == Fate::leave) {
        left_.push_back({at});
      }
      fates_.push_back(fate);
      at += 1;
    }
  }
  state.advance(fates_, taking.lease);
  if (!taken_.empty()) {
    log(LeaseChange::Kind::leased, taking.group, id, state.next(), taking.lease, taken_);
  }
  taking.result.left |= !left_.empty();
  if (!left_.empty()) log(LeaseChange::Kind::ready, taking.group, id, state.next(), {}, left_);
  return {};
}

Result<void> PopBatch::take(Taking& taking, QueueId id) {
  TopicQueue* const queue = taking.plan.topic->queue(id);
  if (!queue) return {};
  const store::Queue& index = *queue->index;
  SLUICE_TRY(QueueLeases* const leases, leases_of(taking.plan, id, index));
  leases->state.expire(taking.now);
  const std::size_t before = taking.result.messages.size();
  const bool blocked = taking.plan.ordered && leases->state.leased() > 0;
  if (!blocked) {
    SLUICE_CHECK(take_ready(taking, id, *leases, index));
    SLUICE_CHECK(take_new(taking, id, *leases, index));
  }
  if (taking.plan.ordered && taking.result.messages.size() > before) {
    leases->attempt_id = taking.plan.attempt_id;
    leases->attempt_stamp = taking.now;
  }
  report(taking.group, id, *leases);
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
    auto& messages = taking.result.messages;
    leases.state.for_each([&](const delivery::LeaseQueue::Unfinished& message) {
      const bool same = message.leased && message.lease.stamp == leases.attempt_stamp &&
                        message.lease.deadline > taking.now;
      if (same) messages.push_back({id, message.offset, message.attempts});
    });
    if (messages.empty()) continue;
    std::ranges::sort(messages, {}, &PopResult::Message::offset);
    taking.result.stamp = leases.attempt_stamp;
    for (const PopResult::Message& message : messages) {
      SLUICE_TRY(const auto entry, entry_at(*plan.topic->queue(id)->index, message.offset));
      taking.result.bytes += static_cast<std::size_t>(entry.size);
      entries_.push_back(entry);
    }
    return true;
  }
  return false;
}

Result<void> PopBatch::pop(const PopPlan& plan, WallTime now, PopResult& result) {
  result.clear();
  entries_.clear();
  result.stamp = now;
  {
    GroupLeases& group = *plan.leases;
    const std::scoped_lock lock(group.mutex);
    remember_filter(group, plan, now);
    Taking taking{plan, group, now, {now, now + plan.invisible}, result};
    SLUICE_TRY(const bool repeated, repeat(taking));
    if (!repeated) {
      const auto queues = static_cast<std::uint32_t>(plan.topic->read_queues());
      const std::uint32_t first = plan.queue_id >= 0 ? 0 : group.turn++;
      const std::uint32_t count = plan.queue_id >= 0 ? 1 : queues;
      for (std::uint32_t i = 0; i < count && !taking.full(); ++i) {
        const QueueId id(plan.queue_id >= 0 ? plan.queue_id
                                            : static_cast<std::int32_t>((first + i) % queues));
        SLUICE_CHECK(take(taking, id));
      }
    }
    broker_.leases().schedule(plan.leases);
  }
  return read_records(result);
}

Result<void> PopBatch::peek(const PopPlan& plan, PullResult& result) {
  constexpr std::int32_t kPeekBytes = 256 << 10;
  result.clear();
  for (std::int32_t id = 0; id < plan.topic->read_queues(); ++id) {
    if (plan.queue_id >= 0 && id != plan.queue_id) continue;
    TopicQueue* const queue = plan.topic->queue(QueueId(id));
    if (!queue) continue;
    PullPlan pull{.topic = plan.topic,
                  .queue = queue,
                  .subscription = plan.subscription,
                  .offset = {},
                  .max_messages = plan.max_messages,
                  .max_bytes = kPeekBytes};
    {
      const std::scoped_lock lock(plan.leases->mutex);
      SLUICE_TRY(QueueLeases* const leases, leases_of(plan, QueueId(id), *queue->index));
      const auto ready = leases->state.next_ready(QueueOffset(0));
      pull.offset = ready ? ready->offset : leases->state.next();
    }
    SLUICE_CHECK(broker_.read(pull, result));
    if (result.status == PullStatus::found) return {};
  }
  return {};
}

bool PopBatch::any(const PopPlan& plan, WallTime now) {
  GroupLeases& group = *plan.leases;
  const std::scoped_lock lock(group.mutex);
  for (std::int32_t id = 0; id < plan.topic->read_queues(); ++id) {
    if (plan.queue_id >= 0 && id != plan.queue_id) continue;
    TopicQueue* const queue = plan.topic->queue(QueueId(id));
    if (!queue) continue;
    const auto leases = leases_of(plan, QueueId(id), *queue->index);
    if (!leases) continue;
    delivery::LeaseQueue& state = (*leases)->state;
    state.expire(now);
    const bool blocked = plan.ordered && state.leased() > 0;
    if (!blocked && (state.ready() > 0 || state.next() < queue->index->max())) return true;
  }
  return false;
}

}  // namespace sluice::broker
