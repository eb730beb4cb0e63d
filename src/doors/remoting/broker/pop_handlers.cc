#include <algorithm>

#include "doors/remoting/broker/call.h"
#include "wire/remoting/bodies/batch_ack.h"
#include "wire/remoting/requests/pop.h"

/// Consumers that take messages one by one: pop, acknowledge, put off.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr milliseconds kPollMax{60'000};  // a longer wish is cut: the client asks again
constexpr milliseconds kPollMargin{50};   // so that the answer is there before the client gives up
constexpr milliseconds kTooOld{500};      // a request that waited longer than its own poll time
constexpr std::int32_t kReviveQueue = 0;  // RocketMQ's, which it shows in receipts

/// How long a poll may be held from now on; nothing when its time is long over.
std::optional<milliseconds> hold_of(std::int64_t poll_ms, std::int64_t born_ms, WallTime now) {
  const std::int64_t age = born_ms > 0 ? unix_ms(now) - born_ms : 0;
  if (poll_ms > 0 && age - poll_ms > kTooOld.count()) return std::nullopt;
  const milliseconds hold = milliseconds(poll_ms - std::max<std::int64_t>(age, 0)) - kPollMargin;
  return std::clamp(hold, milliseconds(0), kPollMax);
}

broker::PopQuery pop_query(const PopMessage& request) {
  return {.group = request.group,
          .topic = request.topic,
          .queue_id = request.queue_id,
          .max_messages = request.max_messages,
          .invisible = milliseconds(request.invisible_ms),
          .start = request.init_mode == 0 ? broker::PopStart::first : broker::PopStart::last,
          .expression = request.expression,
          .expression_type = request.expression_type,
          .ordered = request.ordered,
          .attempt_id = request.attempt_id};
}

Result<void> pop(BrokerCall& call, const PopMessage& request) {
  const auto hold = hold_of(request.poll_ms, request.born_ms, call.wall);
  if (!hold) return call.answer(kPollingTimeout, "the request is older than its pollTime");
  ReactorContext& context = call.session.context();
  SLUICE_TRY(broker::PopPlan plan, context.pops.prepare(pop_query(request), call.wall));
  const broker::Wait wait = reactor_wait(call.door());
  SLUICE_CHECK(context.pops.pop(plan, context.lease_time(), context.popped, wait));
  if (context.popped.left) call.door().announce(plan.leases);
  if (context.popped.cold) {
    return call.session.read_later(std::move(plan), std::exchange(context.popped, {}),
                                   call.reply_to());
  }
  if (!context.popped.messages.empty()) {
    write_pop_reply(call.session.out(), call.reply_to(), plan, context.popped, context.pop_info);
    return {};
  }
  if (context.popped.more || *hold == milliseconds(0)) {
    return call.answer(kPollingTimeout, "no message");
  }
  if (call.session.park(std::move(plan), false, *hold, call.reply_to())) return {};
  return call.answer(kPollingFull, "too many requests wait on this connection (16384)");
}

Result<void> notification(BrokerCall& call, const Notification& request) {
  const auto hold = hold_of(request.poll_ms, request.born_ms, call.wall);
  if (!hold) return call.answer(kPollingTimeout, "the request is older than its pollTime");
  ReactorContext& context = call.session.context();
  const broker::PopQuery query{.group = request.group,
                               .topic = request.topic,
                               .queue_id = request.queue_id,
                               .ordered = request.ordered,
                               .attempt_id = request.attempt_id};
  SLUICE_TRY(broker::PopPlan plan, context.pops.prepare(query, call.wall));
  const bool any = context.pops.any(plan, context.lease_time());
  if (any || *hold == milliseconds(0)) return call.ok(NotificationResponse{.has_messages = any});
  if (call.session.park(std::move(plan), true, *hold, call.reply_to())) return {};
  return call.ok(NotificationResponse{.polling_full = true});
}

Result<void> peek(BrokerCall& call, const PeekMessage& request) {
  ReactorContext& context = call.session.context();
  const broker::PopQuery query{.group = request.group,
                               .topic = request.topic,
                               .queue_id = request.queue_id,
                               .max_messages = request.max_messages};
  SLUICE_TRY(const broker::PopPlan plan, context.pops.prepare(query, call.wall));
  broker::PullResult& result = context.pulled;
  SLUICE_CHECK(context.pops.peek(plan, result));
  const bool found = result.status == broker::PullStatus::found;
  write_reply(call.session.out(), call.reply_to(), found ? kSuccess : kPullNotFound,
              broker::pull_status_name(result.status),
              PopMessageResponse{.rest = result.max - result.next}, {}, result.bytes);
  for (store::Slice& slice : result.records) {
    call.session.out().add(slice.bytes, std::move(slice.owner));
  }
  return {};
}

Result<void> polling_info(BrokerCall& call, const PollingInfo& request) {
  PollingInfoResponse response;
  if (const auto group = call.broker().leases().find(request.group, request.topic)) {
    response.parked = group->parked.load(std::memory_order_relaxed);
  }
  return call.ok(response);
}

/// What clients know for a receipt that does not hold.
Result<void> answer_receipt_error(BrokerCall& call, const Error& error) {
  const bool no_queue = error.code() == Errc::queue_out_of_range;
  const bool no_message = error.code() == Errc::offset_not_found;
  const std::int32_t code = no_queue     ? std::int32_t{kMessageIllegal}
                            : no_message ? std::int32_t{kNoMessage}
                                         : errc_row(error.code()).remoting_code;
  return call.answer(code, error.remark());
}

Result<void> ack(BrokerCall& call, const AckMessage& request) {
  SLUICE_TRY(const PopReceipt receipt, parse_receipt(request.receipt));
  const auto done = call.session.context().pops.acknowledge({.group = request.group,
                                                             .topic = request.topic,
                                                             .queue = QueueId(request.queue_id),
                                                             .offset = QueueOffset(request.offset),
                                                             .stamp = receipt.popped});
  if (!done) return answer_receipt_error(call, done.error());
  return call.ok();
}

Result<void> batch_ack(BrokerCall& call, const BatchAckMessage&) {
  SLUICE_TRY(const auto acks, decode_batch_ack(call.command.body));
  if (acks.empty()) return call.answer(kNoMessage, "the batch acknowledges nothing");
  broker::PopBatch& pops = call.session.context().pops;
  for (const BatchAck& one : acks) {
    const auto done = pops.acknowledge(
        {.group = one.group, .topic = one.topic, .queue = one.queue, .stamp = one.popped},
        one.offsets);
    const bool topic_gone = !done && done.error().code() == Errc::topic_not_found;
    if (topic_gone) return answer_receipt_error(call, done.error());
  }
  return call.ok();
}

Result<void> change_invisible(BrokerCall& call, const ChangeInvisibleTime& request) {
  SLUICE_TRY(const PopReceipt receipt, parse_receipt(request.receipt));
  ReactorContext& context = call.session.context();
  const delivery::LeaseTime now = context.lease_time();
  const auto done = context.pops.put_off({.group = request.group,
                                          .topic = request.topic,
                                          .queue = QueueId(request.queue_id),
                                          .offset = QueueOffset(request.offset),
                                          .stamp = receipt.popped},
                                         milliseconds(request.invisible_ms), now);
  if (!done) return answer_receipt_error(call, done.error());
  return call.ok(ChangeInvisibleTimeResponse{.pop_ms = unix_ms(now.stamp),
                                             .invisible_ms = request.invisible_ms,
                                             .revive_queue = receipt.revive_queue});
}

constexpr BrokerRow kRows[] = {
    broker_row<PopMessage, pop>(),
    broker_row<AckMessage, ack>(),
    broker_row<BatchAckMessage, batch_ack>(),
    broker_row<ChangeInvisibleTime, change_invisible>(),
    broker_row<Notification, notification>(),
    broker_row<PollingInfo, polling_info>(),
    broker_row<PeekMessage, peek>(),
};

}  // namespace

std::span<const BrokerRow> pop_rows() { return kRows; }

void write_pop_reply(net::OutQueue& out, const ReplyTo& to, const broker::PopPlan& plan,
                     broker::PopResult& result, PopInfo& info) {
  if (to.oneway) return;
  info.clear();
  for (const auto& [queue, offset, attempts] : result.messages) {
    info.add({queue, offset, attempts});
  }
  const PopMessageResponse fields{.pop_ms = unix_ms(result.stamp),
                                  .invisible_ms = plan.invisible.count(),
                                  .revive_queue = plan.ordered ? kOrderedReviveQueue : kReviveQueue,
                                  .rest = result.rest,
                                  .start_offsets = info.start_offsets,
                                  .offsets = info.offsets,
                                  .counts = info.counts};
  write_reply(out, to, kSuccess, "FOUND", fields, {}, result.bytes);
  for (store::Slice& slice : result.records) out.add(slice.bytes, std::move(slice.owner));
}

}  // namespace sluice::doors
