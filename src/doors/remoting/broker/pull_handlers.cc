#include <algorithm>

#include "doors/remoting/broker/ask_subscriptions.h"
#include "doors/remoting/broker/call.h"
#include "wire/remoting/requests/pull.h"

namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr milliseconds kHoldMax{60'000};  // a longer wish is cut: the client asks again

broker::PullQuery pull_query(const PullMessage& request, const BrokerCall& call) {
  broker::PullQuery query{.group = request.group,
                          .topic = request.topic,
                          .queue_id = request.queue_id,
                          .offset = QueueOffset(request.queue_offset),
                          .max_messages = request.max_messages,
                          .sub_version = request.sub_version,
                          .link = call.session.link().get()};
  if (request.max_bytes && *request.max_bytes > 0) query.max_bytes = *request.max_bytes;
  if (!request.expression_type.empty()) query.expression_type = request.expression_type;
  if (request.sys_flag & kPullCommitOffset) query.commit = QueueOffset(request.commit_offset);
  if (request.sys_flag & kPullSubscription) query.expression = request.subscription.value_or("*");
  return query;
}

Result<void> pull(BrokerCall& call, const PullMessage& request) {
  const broker::PullQuery query = pull_query(request, call);
  auto prepared = call.broker().prepare_pull(query, call.wall);
  if (!prepared) {
    if (prepared.error().code() == Errc::subscription_stale) ask_subscriptions(call, request.group);
    return std::unexpected(std::move(prepared.error()));
  }
  broker::PullPlan& plan = *prepared;
  if (plan.reset_to) {
    call.session.context().rebalance_later(call.session.link(), request.group);
  }
  broker::PullResult& result = call.session.context().pulled;
  SLUICE_CHECK(call.broker().read(plan, result, reactor_wait(call.door())));
  if (result.status == broker::PullStatus::cold) {
    return call.session.read_later(std::move(plan), call.reply_to());
  }
  const bool hold = result.status == broker::PullStatus::not_found &&
                    (request.sys_flag & kPullSuspend) != 0 && request.suspend_ms > 0;
  if (!hold) {
    // A subscription that wanted none of what is there: the client goes on behind it.
    const bool skipped =
        result.status == broker::PullStatus::not_found && result.next != query.offset;
    if (skipped) result.status = broker::PullStatus::retry;
    write_pull_reply(call.session.out(), call.reply_to(), result, pull_code(result.status));
    return {};
  }
  plan.offset = result.next;
  const milliseconds time = std::min(milliseconds(request.suspend_ms), kHoldMax);
  return call.session.park(std::move(plan), query.offset, time, call.reply_to());
}

Result<void> lite_pull(BrokerCall& call, const LitePullMessage& request) {
  return pull(call, request);
}

constexpr BrokerRow kRows[] = {
    broker_row<PullMessage, pull>(),
    broker_row<LitePullMessage, lite_pull>(),
};

}  // namespace

std::span<const BrokerRow> pull_rows() { return kRows; }

std::int32_t pull_code(broker::PullStatus status) {
  switch (status) {
    case broker::PullStatus::found: return kSuccess;
    case broker::PullStatus::not_found: return kPullNotFound;
    case broker::PullStatus::retry:
    case broker::PullStatus::cold: return kPullRetryImmediately;
    case broker::PullStatus::moved: return kPullOffsetMoved;
  }
  return kSystemError;
}

void write_pull_reply(net::OutQueue& out, const ReplyTo& to, broker::PullResult& result,
                      std::int32_t code) {
  if (to.oneway) return;
  const PullMessageResponse fields{.suggest_broker = result.suggested_broker,
                                   .next_offset = result.next.value,
                                   .min_offset = result.min.value,
                                   .max_offset = result.max.value};
  write_reply(out, to, code, broker::pull_status_name(result.status), fields, {}, result.bytes);
  for (store::Slice& slice : result.records) out.add(slice.bytes, std::move(slice.owner));
}

}  // namespace sluice::doors
