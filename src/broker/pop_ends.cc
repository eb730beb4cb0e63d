#include <algorithm>

#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/popping.h"
#include "broker/state_log.h"

/// How leases end, and how all of it comes into the log.
namespace sluice::broker {
namespace {

std::unexpected<Error> no_such_lease(const PopBatch::Receipt& receipt) {
  return fail(Errc::offset_not_found,
              fmt::format("group {} was not given message {} of {} queue {} under that receipt",
                          receipt.group, receipt.offset.value, receipt.topic, receipt.queue.value));
}

}  // namespace

/// What a receipt refers to. The lock is held.
struct PopBatch::Place {
  std::shared_ptr<GroupLeases> group;
  std::unique_lock<std::mutex> lock;
  QueueLeases* leases;
};

Result<PopBatch::Place> PopBatch::place_of(const Receipt& receipt) {
  SLUICE_TRY(const auto found, broker_.find_queue(receipt.topic, receipt.queue));
  const store::Queue& index = *found.second->index;
  if (receipt.offset < index.min() || receipt.offset > index.max()) {
    return fail(Errc::offset_not_found,
                fmt::format("{} queue {} has messages {} to {}, the receipt names {}",
                            receipt.topic, receipt.queue.value, index.min().value,
                            index.max().value - 1, receipt.offset.value));
  }
  auto group = broker_.leases().find(receipt.group, receipt.topic);
  // A stamp of 0 is that of messages which were left for others and never handed out.
  if (!group || unix_ms(receipt.stamp) <= 0) return no_such_lease(receipt);
  std::unique_lock lock(group->mutex);
  const auto queue = group->queues.find(receipt.queue);
  if (queue == group->queues.end()) return no_such_lease(receipt);
  return Place{std::move(group), std::move(lock), &queue->second};
}

Result<PopBatch::Outcome> PopBatch::acknowledge(const Receipt& receipt, WallTime) {
  SLUICE_TRY(const Place place, place_of(receipt));
  const Outcome outcome = place.leases->state.acknowledge(receipt.offset, receipt.stamp);
  if (outcome == Outcome::unknown) return no_such_lease(receipt);
  if (outcome == Outcome::late) return outcome;
  change_.group = place.group->group;
  change_.topic = place.group->topic;
  change_.queue = receipt.queue;
  change_.items.clear();
  place.group->changes.add_finished(change_, receipt.offset);
  touch(place.group);
  report(*place.group, receipt.queue, *place.leases);
  // An ordered group's next batch, or one that had as many out as it may, has waited for this.
  const delivery::LeaseQueue& state = place.leases->state;
  if (state.leased() == 0 || state.unfinished() + 1 == kUnfinishedMax) wake(place.group);
  broker_.leases().schedule(place.group);
  return outcome;
}

Result<PopBatch::Outcome> PopBatch::put_off(const Receipt& receipt, milliseconds invisible,
                                            WallTime now) {
  if (invisible < milliseconds(0) || invisible > kInvisibleMax) {
    return fail(Errc::invalid_argument, fmt::format("invisibleTime is {} ms, 0 to {} are allowed",
                                                    invisible.count(), kInvisibleMax.count()));
  }
  SLUICE_TRY(const Place place, place_of(receipt));
  const delivery::Lease lease{now, now + std::max(invisible, kInvisibleMin)};
  const Outcome outcome = place.leases->state.put_off(receipt.offset, receipt.stamp, lease);
  if (outcome == Outcome::unknown) return no_such_lease(receipt);
  if (outcome == Outcome::late) return outcome;
  taken_.assign(1, {receipt.offset, place.leases->state.attempts(receipt.offset)});
  log(LeaseChange::Kind::leased, place.group, receipt.queue, place.leases->state.next(), lease,
      taken_);
  broker_.leases().schedule(place.group);
  return outcome;
}

Result<void> PopBatch::reset(std::string_view group_name, std::string_view topic, QueueId queue,
                             QueueOffset target, WallTime now) {
  const auto group = broker_.leases().find_or_create(group_name, topic);
  {
    const std::scoped_lock lock(group->mutex);
    group->queues.erase(queue);
    group->queues.try_emplace(queue, target);
    std::vector<LeaseChange::Item> none;
    log(LeaseChange::Kind::reset, group, queue, target, {}, none);
    broker_.leases().schedule(group);
  }
  return append(now);
}

void PopBatch::report(const GroupLeases& group, QueueId id, QueueLeases& leases) {
  const QueueOffset floor = leases.state.floor();
  if (floor == leases.reported) return;
  leases.reported = floor;
  broker_.progress().commit(group.group, group.topic, id, floor);
}

void PopBatch::log(LeaseChange::Kind kind, const std::shared_ptr<GroupLeases>& group, QueueId id,
                   QueueOffset next, const delivery::Lease& lease,
                   std::vector<LeaseChange::Item>& items) {
  change_ = {.kind = kind,
             .group = group->group,
             .topic = group->topic,
             .queue = id,
             .next = next,
             .lease = lease,
             .items = std::move(change_.items)};
  std::swap(change_.items, items);
  group->changes.add(change_);
  std::swap(change_.items, items);
  touch(group);
}

void PopBatch::touch(const std::shared_ptr<GroupLeases>& group) {
  if (std::ranges::find(touched_, group) == touched_.end()) touched_.push_back(group);
}

void PopBatch::wake(const std::shared_ptr<GroupLeases>& group) {
  if (group->watchers.load(std::memory_order_relaxed) == 0) return;
  if (std::ranges::find(woken_, group) == woken_.end()) woken_.push_back(group);
}

Result<void> PopBatch::append(WallTime now) {
  Result<void> appended;
  for (const auto& group : touched_) {
    // Whoever comes second waits here, and finds its changes logged already.
    const std::scoped_lock in_order(group->log_mutex);
    body_.clear();
    {
      const std::scoped_lock lock(group->mutex);
      group->changes.take(body_);
      if (group->removed) continue;
    }
    if (body_.empty()) continue;
    auto done = append_state(broker_.store(), kLeaseTopic, body_.bytes(),
                             broker_.options().store_host, now);
    if (done) continue;
    const std::scoped_lock lock(group->mutex);
    group->changes.put_back(body_.bytes());
    appended = std::move(done);
  }
  touched_.clear();
  return appended;
}

}  // namespace sluice::broker
