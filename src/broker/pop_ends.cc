#include <algorithm>

#include <fmt/format.h>

#include "base/patient_lock.h"
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

Result<void> check_offset(const store::Queue& index, const PopBatch::Receipt& receipt) {
  if (receipt.offset >= index.min() && receipt.offset <= index.max()) return {};
  return fail(Errc::offset_not_found,
              fmt::format("{} queue {} has messages {} to {}, the receipt names {}", receipt.topic,
                          receipt.queue.value, index.min().value, index.max().value - 1,
                          receipt.offset.value));
}

}  // namespace

/// What a receipt refers to. The lock is held.
struct PopBatch::Place {
  std::shared_ptr<GroupLeases> group;
  std::unique_lock<std::mutex> lock;
  QueueLeases* leases;
  const store::Queue* index;
};

Result<void> PopBatch::look_up(std::string_view group, std::string_view topic) {
  if (known_.topic && known_.topic->name() == topic && known_.group == group) return {};
  known_ = {.group = std::string(group),
            .topic = broker_.topics().find(topic),
            .leases = broker_.leases().find(group, topic)};
  if (known_.topic) return {};
  return fail(Errc::topic_not_found, fmt::format("the topic {} does not exist", topic));
}

Result<PopBatch::Place> PopBatch::place_of(const Receipt& receipt) {
  SLUICE_CHECK(look_up(receipt.group, receipt.topic));
  SLUICE_TRY(TopicQueue* const queue, known_.topic->readable_queue(receipt.queue));
  // A stamp of 0 is that of messages which were left for others and never handed out.
  if (!known_.leases || unix_ms(receipt.stamp) <= 0) return no_such_lease(receipt);
  auto lock = lock_patiently(known_.leases->mutex);
  const auto leases = known_.leases->queues.find(receipt.queue);
  if (leases == known_.leases->queues.end()) return no_such_lease(receipt);
  return Place{known_.leases, std::move(lock), &leases->second, queue->index};
}

void PopBatch::note_finished(GroupLeases& group, QueueId queue,
                             std::span<const QueueOffset> offsets) {
  change_.group = group.group;
  change_.topic = group.topic;
  change_.queue = queue;
  change_.items.clear();
  group.changes.add_finished(change_, offsets);
}

PopBatch::Outcome PopBatch::finish(const Place& place, QueueId queue, QueueOffset offset,
                                   WallTime stamp) {
  delivery::LeaseQueue& state = place.leases->state;
  const Outcome outcome = state.acknowledge(offset, stamp);
  if (outcome != Outcome::done) return outcome;
  note_finished(*place.group, queue, std::span(&offset, 1));
  // An ordered group's next batch, or one that had as many out as it may, has waited for this.
  if (state.leased() == 0 || state.unfinished() + 1 == kUnfinishedMax) wake(place.group);
  return outcome;
}

Result<PopBatch::Outcome> PopBatch::acknowledge(const Receipt& receipt) {
  SLUICE_TRY(const Place place, place_of(receipt));
  SLUICE_CHECK(check_offset(*place.index, receipt));
  const Outcome outcome = finish(place, receipt.queue, receipt.offset, receipt.stamp);
  if (outcome == Outcome::unknown) return no_such_lease(receipt);
  if (outcome == Outcome::done) touch(place.group);
  return outcome;
}

Result<void> PopBatch::acknowledge(const Receipt& first, std::span<const QueueOffset> offsets) {
  SLUICE_TRY(const Place place, place_of(first));
  delivery::LeaseQueue& state = place.leases->state;
  const bool held_up = state.unfinished() >= kUnfinishedMax;
  finished_.clear();
  state.acknowledge(offsets, first.stamp, finished_);
  if (finished_.empty()) return {};
  note_finished(*place.group, first.queue, finished_);
  if (state.leased() == 0 || (held_up && state.unfinished() < kUnfinishedMax)) wake(place.group);
  touch(place.group);
  return {};
}

Result<PopBatch::Outcome> PopBatch::put_off(const Receipt& receipt, milliseconds invisible,
                                            const delivery::LeaseTime& now) {
  if (invisible < milliseconds(0) || invisible > kInvisibleMax) {
    return fail(Errc::invalid_argument, fmt::format("invisibleTime is {} ms, 0 to {} are allowed",
                                                    invisible.count(), kInvisibleMax.count()));
  }
  SLUICE_TRY(const Place place, place_of(receipt));
  SLUICE_CHECK(check_offset(*place.index, receipt));
  const delivery::Lease lease{now.stamp, now.now + std::max(invisible, kInvisibleMin)};
  const Outcome outcome = place.leases->state.put_off(receipt.offset, receipt.stamp, lease);
  if (outcome == Outcome::unknown) return no_such_lease(receipt);
  if (outcome == Outcome::late) return outcome;
  taken_.assign(1, {receipt.offset, place.leases->state.attempts(receipt.offset)});
  log(LeaseChange::Kind::leased, place.group, receipt.queue, place.leases->state.next(), lease,
      taken_);
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

void PopBatch::settle(const std::shared_ptr<GroupLeases>& group) {
  for (auto& [id, leases] : group->queues) report(*group, id, leases);
  broker_.leases().schedule(group);
}

Result<void> PopBatch::append(WallTime now) {
  known_ = {};
  Result<void> appended;
  for (const auto& group : touched_) {
    // Whoever comes second waits here, and finds its changes logged already.
    const auto in_order = lock_patiently(group->log_mutex);
    body_.clear();
    if (const auto note = broker_.leases().clock().take_note()) encode(*note, body_);
    {
      const auto lock = lock_patiently(group->mutex);
      group->changes.take(body_);
      if (group->removed) continue;
      settle(group);
    }
    if (body_.empty()) continue;
    if (!log_) log_ = broker_.store().queue(kLeaseTopic, QueueId(0));
    auto done =
        append_state(broker_.store(), *log_, body_.bytes(), broker_.options().store_host, now);
    if (done) continue;
    const std::scoped_lock lock(group->mutex);
    group->changes.put_back(body_.bytes());
    appended = std::move(done);
  }
  touched_.clear();
  return appended;
}

}  // namespace sluice::broker
