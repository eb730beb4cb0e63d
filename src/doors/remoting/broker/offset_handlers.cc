#include "doors/remoting/broker/call.h"
#include "doors/remoting/broker/reset_notices.h"
#include "wire/remoting/bodies/common.h"
#include "wire/remoting/requests/pull.h"

/// Offsets: progress of groups, the ends of queues, search by time; and single records.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

Result<void> query_offset(BrokerCall& call, const QueryConsumerOffset& request) {
  SLUICE_TRY(const QueueOffset offset,
             call.broker().query_offset(request.group, request.topic, QueueId(request.queue_id),
                                        request.zero_if_missing.value_or(true),
                                        call.session.link().get()));
  return call.ok(OffsetResponse{offset.value});
}

Result<void> update_offset(BrokerCall& call, const UpdateConsumerOffset& request) {
  SLUICE_CHECK(call.broker().commit_offset(request.group, request.topic, QueueId(request.queue_id),
                                           QueueOffset(request.commit_offset), call.wall,
                                           call.session.link().get()));
  if (!call.reply_to().oneway) SLUICE_CHECK(call.broker().log_progress(call.wall));
  return call.ok();
}

Result<std::shared_ptr<store::Queue>> find_index(BrokerCall& call, const std::string_view topic,
                                                 std::int32_t queue_id) {
  SLUICE_TRY(const auto found, call.broker().find_queue(topic, QueueId(queue_id)));
  return std::shared_ptr<store::Queue>(found.first, found.second->index);
}

Result<void> search_offset(BrokerCall& call, const SearchOffset& request) {
  SLUICE_TRY(const auto queue, find_index(call, request.topic, request.queue_id));
  const bool upper = !request.boundary.empty() && (request.boundary[0] | 0x20) == 'u';
  SLUICE_TRY(const QueueOffset offset,
             call.broker().store().offset_at(*queue, from_unix_ms(request.timestamp),
                                             upper ? store::MessageStore::Boundary::upper
                                                   : store::MessageStore::Boundary::lower));
  return call.ok(OffsetResponse{offset.value});
}

Result<void> max_offset(BrokerCall& call, const GetMaxOffset& request) {
  SLUICE_TRY(const auto queue, find_index(call, request.topic, request.queue_id));
  return call.ok(OffsetResponse{queue->max().value});
}

Result<void> min_offset(BrokerCall& call, const GetMinOffset& request) {
  SLUICE_TRY(const auto queue, find_index(call, request.topic, request.queue_id));
  return call.ok(OffsetResponse{queue->min().value});
}

Result<void> earliest_time(BrokerCall& call, const GetEarliestStoreTime& request) {
  SLUICE_TRY(const auto queue, find_index(call, request.topic, request.queue_id));
  const auto time = call.broker().store().store_time(*queue, queue->min());
  return call.ok(TimestampResponse{time ? unix_ms(*time) : -1});
}

Result<QueueOffset> reset_target(BrokerCall& call, const ResetOffset& request,
                                 const store::Queue& queue) {
  if (request.offset < 0) {
    if (request.timestamp < 0) return queue.max();
    return call.broker().store().offset_at(queue, from_unix_ms(request.timestamp),
                                           store::MessageStore::Boundary::lower);
  }
  const QueueOffset wish(request.offset);
  if (wish >= queue.min() && wish <= queue.max()) return wish;
  return fail(Errc::invalid_argument,
              "offset " + std::to_string(request.offset) +
                  " is outside the queue: " + std::to_string(queue.min().value) + " to " +
                  std::to_string(queue.max().value) + " are allowed");
}

/// Sets the group's progress, and tells its members.
Result<void> reset_offset(BrokerCall& call, const ResetOffset& request) {
  const auto topic = call.broker().topics().find(request.topic);
  if (!topic) return fail(Errc::topic_not_found);
  ResetOffsets offsets;
  for (std::int32_t id = 0; id < topic->read_queues(); ++id) {
    if (request.queue_id >= 0 && id != request.queue_id) continue;
    SLUICE_TRY(const QueueOffset target,
               reset_target(call, request, *topic->queue(QueueId(id))->index));
    offsets.emplace_back(id, target);
  }
  for (const auto& [id, target] : offsets) {
    SLUICE_CHECK(
        call.broker().reset_offset(request.group, request.topic, QueueId(id), target, call.wall));
  }
  tell_of_reset(call.door(), request.group, request.topic, offsets);
  return call.ok_json([&](wire::json::Writer& out) {
    write_offsets(out, call.broker().options().name, request.topic, offsets);
  });
}

constexpr BrokerRow kRows[] = {
    broker_row<QueryConsumerOffset, query_offset>(),
    broker_row<UpdateConsumerOffset, update_offset>(),
    broker_row<SearchOffset, search_offset>(),
    broker_row<GetMaxOffset, max_offset>(),
    broker_row<GetMinOffset, min_offset>(),
    broker_row<GetEarliestStoreTime, earliest_time>(),
    broker_row<ResetOffset, reset_offset>(),
};

}  // namespace

std::span<const BrokerRow> offset_rows() { return kRows; }

}  // namespace sluice::doors
