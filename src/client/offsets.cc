#include "client/offsets.h"

#include "wire/remoting/requests/pull.h"

namespace sluice::client {

using namespace wire::remoting;

template <class Request>
Result<std::int64_t> Offsets::ask_offset(const MessageQueue& queue, Request request) {
  request.topic = queue.topic;
  request.queue_id = queue.queue_id;
  SLUICE_TRY(const std::string address, cluster_.broker_address(queue.topic, queue.broker_name));
  SLUICE_TRY(const Answer answer,
             ask(cluster_.remoting(), address, request, {}, cluster_.timeout()));
  OffsetResponse response;
  SLUICE_CHECK(OffsetResponse::Wire::decode(answer.command.ext, response));
  return response.offset;
}

Result<std::int64_t> Offsets::min(const MessageQueue& queue) {
  return ask_offset(queue, GetMinOffset{});
}

Result<std::int64_t> Offsets::max(const MessageQueue& queue) {
  return ask_offset(queue, GetMaxOffset{});
}

Result<std::int64_t> Offsets::at_time(const MessageQueue& queue, WallTime time) {
  SearchOffset request;
  request.timestamp = unix_ms(time);
  return ask_offset(queue, request);
}

Result<std::optional<std::int64_t>> Offsets::committed(const std::string& group,
                                                       const MessageQueue& queue) {
  QueryConsumerOffset request;
  request.group = group;
  request.zero_if_missing = false;
  auto offset = ask_offset(queue, request);
  if (offset) return *offset;
  if (offset.error().code() == Errc::not_found) return std::nullopt;
  return fail(std::move(offset.error()));
}

Result<void> Offsets::commit(const std::string& group, const MessageQueue& queue,
                             std::int64_t offset) {
  UpdateConsumerOffset request;
  request.group = group;
  request.topic = queue.topic;
  request.queue_id = queue.queue_id;
  request.commit_offset = offset;
  SLUICE_TRY(const std::string address, cluster_.broker_address(queue.topic, queue.broker_name));
  SLUICE_TRY(const Answer answer,
             ask(cluster_.remoting(), address, request, {}, cluster_.timeout()));
  static_cast<void>(answer);
  return {};
}

}  // namespace sluice::client
