#include "broker/popping.h"

#include <algorithm>

#include <fmt/format.h>

#include "broker/broker.h"

namespace sluice::broker {
namespace {

Result<std::shared_ptr<const delivery::Subscription>> parse(const Broker& broker,
                                                            const PopQuery& query) {
  if (query.expression.empty() || query.expression == "*") return nullptr;
  const std::string_view type = query.expression_type.empty() ? "TAG" : query.expression_type;
  SLUICE_TRY(auto parsed, broker.parse_subscription(query.topic, query.expression, type, 0));
  if (parsed.wants_all()) return nullptr;
  return std::make_shared<const delivery::Subscription>(std::move(parsed));
}

}  // namespace

void PopResult::clear() {
  stamp = {};
  messages.clear();
  entries.clear();
  records.clear();
  damaged.clear();
  cold = false;
  bytes = 0;
  rest = 0;
  left = more = false;
}

Result<PopPlan> PopBatch::prepare(const PopQuery& query, WallTime now) {
  SLUICE_TRY(const auto group, broker_.groups().find_or_create(query.group, now));
  if (!group->consume_enable) {
    return fail(Errc::not_permitted, fmt::format("group {} may not consume", query.group));
  }
  if (!group->may_read(query.topic)) {
    return fail(Errc::not_permitted,
                fmt::format("group {} may not read topic {}", query.group, query.topic));
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
    return std::min(*committed, index.max());  // what was beyond is lost: it comes again
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
  log(LeaseChange::Kind::reset, plan.leases, id, start, {}, none);
  return &group.queues.try_emplace(id, start).first->second;
}

Result<void> PopBatch::peek(const PopPlan& plan, PullResult& result) {
  constexpr std::int32_t kPeekBytes = 256 << 10;
  result.clear();
  for (std::int32_t id = 0; id < plan.topic->read_queues(); ++id) {
    if (plan.queue_id >= 0 && id != plan.queue_id) continue;
    TopicQueue* const queue = plan.topic->queue(QueueId(id));
    if (!queue) continue;
    PullPlan pull{.group = {},
                  .topic = plan.topic,
                  .queue = queue,
                  .subscription = plan.subscription,
                  .offset = {},
                  .max_messages = plan.max_messages,
                  .max_bytes = kPeekBytes};
    {
      const std::scoped_lock lock(plan.leases->mutex);
      SLUICE_TRY(pull.offset, next_of(plan, QueueId(id), *queue->index));
    }
    SLUICE_CHECK(broker_.read(pull, result));
    if (result.status == PullStatus::found) return {};
  }
  return {};
}

bool PopBatch::any(const PopPlan& plan, const delivery::LeaseTime& now) {
  GroupLeases& group = *plan.leases;
  const std::scoped_lock lock(group.mutex);
  bool found = false;
  for (std::int32_t id = 0; id < plan.topic->read_queues(); ++id) {
    if (plan.queue_id >= 0 && id != plan.queue_id) continue;
    TopicQueue* const queue = plan.topic->queue(QueueId(id));
    if (!queue) continue;
    const auto leases = group.queues.find(QueueId(id));
    if (leases != group.queues.end()) {
      delivery::LeaseQueue& state = leases->second.state;
      if (state.expire(now.now) > 0) wake(plan.leases);
      if (plan.ordered && state.leased() > 0) continue;
    }
    const auto next = next_of(plan, QueueId(id), *queue->index);
    found = found || (next && *next < queue->index->max());
  }
  broker_.leases().schedule(plan.leases);
  return found;
}

Result<QueueOffset> PopBatch::next_of(const PopPlan& plan, QueueId id,
                                      const store::Queue& index) const {
  const auto leases = plan.leases->queues.find(id);
  if (leases == plan.leases->queues.end()) return start_of(plan, id, index);
  const auto ready = leases->second.state.next_ready(QueueOffset(0));
  return ready ? ready->offset : leases->second.state.next();
}

}  // namespace sluice::broker
