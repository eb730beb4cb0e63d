#include "broker/pulling.h"

#include <algorithm>

#include <fmt/format.h>

#include "broker/broker.h"
#include "broker/pull_scan.h"

namespace sluice::broker {
namespace {

constexpr std::int32_t kMessagesMax = 1024;  // in one answer
constexpr std::int32_t kBytesMax = 4 << 20;  // in one answer, but for a single larger message
constexpr std::int32_t kBytesDefault = 256 << 10;

/// The status of an offset that has no messages to scan, or found when it has.
PullStatus place(const store::Queue& index, QueueOffset offset, PullResult& result) {
  result.next = offset;
  if (offset == result.max) return PullStatus::not_found;
  if (offset > result.max) return result.next = result.max, PullStatus::moved;
  // What compaction took away is no reason to send the reader elsewhere.
  const bool gone = offset < result.min && index.first_from(offset) < result.min;
  if (gone) return result.next = result.min, PullStatus::moved;
  return PullStatus::found;
}

}  // namespace

void PullResult::clear() {
  status = PullStatus::not_found;
  next = min = max = QueueOffset(0);
  records.clear();
  bytes = 0;
  messages = 0;
  suggested_broker = 0;
}

std::string_view pull_status_name(PullStatus status) {
  switch (status) {
    case PullStatus::found: return "FOUND";
    case PullStatus::not_found: return "OFFSET_OVERFLOW_ONE";
    case PullStatus::retry: return "NO_MATCHED_MESSAGE";
    case PullStatus::moved: return "OFFSET_RESET";
    case PullStatus::cold: return "COLD";
  }
  return {};
}

/// RocketMQ's rule: only where slaves may be read from (slaveReadEnable), and of a reader that is
/// further behind than memory reaches.
std::int64_t Broker::suggest_broker(const PullPlan& plan, const PullResult& result) const {
  if (!options_.slave_read || result.messages == 0) return 0;
  store::IndexEntry last;
  const auto got = plan.queue->index->read_now(result.next - 1, std::span(&last, 1));
  if (!got || !*got || **got == 0) return 0;
  const bool behind =
      store::is_compacted(last.position) || store_.end() - last.position > options_.memory_bytes;
  return behind ? plan.broker_when_slow : 0;
}

Result<void> Broker::read(const PullPlan& plan, PullResult& result, Wait wait) {
  result.clear();
  result.min = plan.queue->index->min();
  result.max = plan.queue->index->max();
  result.status = place(*plan.queue->index, plan.offset, result);
  if (plan.reset_to) {
    result.next = *plan.reset_to;
    result.status = PullStatus::moved;
  }
  if (result.status != PullStatus::found) {
    traffic_.get_missed.fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  PullScan scan(store_, plan, wait, options_.damaged, result);
  auto done = scan.run();
  traffic_.damaged.fetch_add(scan.skipped(), std::memory_order_relaxed);
  if (done && result.status == PullStatus::cold) return {};
  if (!done) {
    if (done.error().code() != Errc::not_found) return done;
    result.clear();  // the records were removed while they were looked for
    result.status = PullStatus::retry;
    result.min = plan.queue->index->min();
    result.next = std::max(result.min, plan.offset);  // never back: that would repeat messages
    result.max = plan.queue->index->max();
    return {};
  }
  result.suggested_broker = suggest_broker(plan, result);
  if (result.messages == 0) {
    result.status = result.next >= result.max ? PullStatus::not_found : PullStatus::retry;
    traffic_.get_missed.fetch_add(1, std::memory_order_relaxed);
  } else {
    traffic_.got_messages.fetch_add(result.messages, std::memory_order_relaxed);
    traffic_.got_bytes.fetch_add(static_cast<std::int64_t>(result.bytes),
                                 std::memory_order_relaxed);
  }
  return {};
}

Result<delivery::Subscription> Broker::parse_subscription(std::string_view topic,
                                                          std::string_view expression,
                                                          std::string_view type,
                                                          std::int64_t version) const {
  if (type == delivery::kSqlFilter && !options_.property_filter) {
    return fail(Errc::disabled,
                fmt::format("the broker does not filter messages by {}: enablePropertyFilter is "
                            "false in its configuration",
                            type));
  }
  return delivery::parse_subscription(topic, expression, type, version);
}

Result<std::shared_ptr<const delivery::Subscription>> Broker::subscription_of(
    const PullQuery& query, const GroupConfig& group) const {
  if (query.expression) {
    if (delivery::wants_all(*query.expression, query.expression_type)) return nullptr;
    SLUICE_TRY(auto parsed, parse_subscription(query.topic, *query.expression,
                                               query.expression_type, query.sub_version));
    return std::make_shared<const delivery::Subscription>(std::move(parsed));
  }
  auto found = consumers_.subscription(query.link, query.group, query.topic);
  if (found.lookup != delivery::ConsumerGroups::Lookup::found) {
    return fail(Errc::subscription_not_found,
                fmt::format("group {} has no subscription to topic {}: no heartbeat named it",
                            query.group, query.topic));
  }
  if (found.model == delivery::MessageModel::broadcasting && !group.consume_broadcast_enable) {
    return fail(Errc::not_permitted,
                fmt::format("group {} may not consume in broadcasting mode", query.group));
  }
  if (found.subscription->version < query.sub_version) {
    return fail(
        Errc::subscription_stale,
        fmt::format("group {}: the broker knows version {} of the subscription to {}, the "
                    "request has {}",
                    query.group, found.subscription->version, query.topic, query.sub_version));
  }
  return found.subscription;
}

std::optional<QueueOffset> Broker::reset_of(const PullQuery& query) {
  if (resets_.none()) return std::nullopt;
  const QueueId queue(query.queue_id);
  const std::string scope = variants_.scope(query.link, query.group, query.topic);
  const auto reset = resets_.on_read(scope, query.topic, queue, query.offset);
  if (reset || scope == query.group) return reset;
  return resets_.on_read(query.group, query.topic, queue, query.offset);
}

std::optional<QueueOffset> Broker::tell_reset(const PullPlan& plan, const delivery::Link* link) {
  const std::string& group = plan.group->name;
  const QueueId queue = plan.queue->index->id();
  const std::string scope = variants_.scope(link, group, plan.topic->name());
  const auto reset = resets_.tell(scope, plan.topic->name(), queue);
  return reset || scope == group ? reset : resets_.tell(group, plan.topic->name(), queue);
}

Result<PullPlan> Broker::prepare_pull(const PullQuery& query, WallTime now) {
  SLUICE_TRY(const auto group, groups_.find_or_create(query.group, now));
  if (!group->consume_enable) {
    return fail(Errc::not_permitted, fmt::format("group {} may not consume", query.group));
  }
  if (!group->may_read(query.topic)) {
    return fail(Errc::not_permitted,
                fmt::format("group {} may not read topic {}", query.group, query.topic));
  }
  SLUICE_TRY(auto found, find_queue(query.topic, QueueId(query.queue_id)));
  auto& [topic, queue] = found;
  if ((topic->perm() & kPermRead) == 0) {
    return fail(Errc::not_permitted,
                fmt::format("topic {} is not readable (perm {})", query.topic, topic->perm()));
  }
  SLUICE_TRY(auto subscription, subscription_of(query, *group));
  // Retried messages keep their tags, but the group has wanted them once already.
  std::shared_ptr<const delivery::Subscriptions> retries_of;
  if (query.topic.starts_with(kRetryPrefix)) {
    subscription = nullptr;
    if (variants_.apart(query.group, query.topic)) {
      retries_of = consumers_.subscriptions(query.link, query.group);
    }
  }
  const auto reset = reset_of(query);
  if (!reset && query.commit && query.commit->value >= 0) {
    variants_.commit(query.link, query.group, query.topic, QueueId(query.queue_id), *query.commit);
  }
  if (!reset) {
    variants_.begin(query.link, query.group, query.topic, QueueId(query.queue_id), query.offset);
  }
  const std::int32_t bytes = query.max_bytes > 0 ? query.max_bytes : kBytesDefault;
  return PullPlan{.group = group,
                  .topic = std::move(topic),
                  .queue = queue,
                  .subscription = std::move(subscription),
                  .retries_of = std::move(retries_of),
                  .offset = query.offset,
                  .max_messages = std::clamp(query.max_messages, 1, kMessagesMax),
                  .max_bytes = std::min(bytes, kBytesMax),
                  .broker_when_slow = group->broker_id_when_slow,
                  .reset_to = reset};
}

}  // namespace sluice::broker
