#include <algorithm>

#include <fmt/format.h>

#include "client/engine/meter.h"
#include "client/producing/sender.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/response_code.h"

/// How a Sender brings a message to a broker, and tries again.
namespace sluice::client {

using namespace wire::remoting;

namespace {

struct StatusRow {
  std::int32_t code;
  SendStatus status;
};
/// Stored, though perhaps with less than was asked for.
constexpr StatusRow kStored[] = {{0, SendStatus::stored},
                                 {10, SendStatus::flush_timed_out},
                                 {11, SendStatus::no_replica},
                                 {12, SendStatus::replica_timed_out}};

/// What another broker, or the same one a little later, may not refuse.
bool worth_another(Errc code) {
  using enum Errc;
  constexpr Errc kOwnTrouble[] = {closed,        timed_out, busy,     topic_not_found,
                                  not_permitted, internal,  disk_full};
  return std::ranges::find(kOwnTrouble, code) != std::end(kOwnTrouble);
}

constexpr milliseconds kPauseMin{50};

Result<Stored> stored_by(const WritableQueue& target, const Answer& answer) {
  const auto* row = std::ranges::find(kStored, answer.command.code, &StatusRow::code);
  if (row == std::end(kStored)) {
    const auto refused = check(answer);
    return fail(refused.error().code(),
                fmt::format("{}: {}", target.address, refused.error().remark()));
  }
  SendMessageResponse response;
  SLUICE_CHECK(SendMessageResponse::Wire::decode(answer.command.ext, response));
  Stored stored{.queue = target.queue,
                .offset = response.queue_offset,
                .offset_ids = std::string(response.message_id),
                .transaction_id = std::string(response.transaction_id),
                .recall_handle = std::string(response.recall_handle),
                .status = row->status};
  stored.queue.id = response.queue_id;
  return stored;
}

}  // namespace

Result<WritableQueue> Sender::choose(const Sending& sending, const RouteView& route,
                                     const std::string& failed) {
  const auto& all = route.writable;
  const Message& message = sending.out.message;
  if (sending.options.queue) {
    const auto found = std::ranges::find(all, *sending.options.queue, &WritableQueue::queue);
    if (found != all.end()) return *found;
    return fail(Errc::queue_out_of_range,
                fmt::format("topic {} has no writable queue {} on broker {}", message.topic,
                            sending.options.queue->id, sending.options.queue->broker));
  }
  if (all.empty()) {
    return fail(Errc::not_permitted, fmt::format("topic {} has no queue that can be written: its "
                                                 "brokers are read-only or have no master",
                                                 message.topic));
  }
  if (sending.options.selector) {
    std::vector<Queue> queues;
    queues.reserve(all.size());
    for (const WritableQueue& one : all) {
      queues.push_back(one.queue);
      core_->names().strip(queues.back().topic);
    }
    const std::size_t index = sending.options.selector(queues, message);
    if (index < all.size()) return all[index];
    return fail(Errc::queue_out_of_range,
                fmt::format("the selector chose queue {} of {}", index, all.size()));
  }
  if (!message.sharding_key.empty()) return all[index_of_key(message.sharding_key, all.size())];
  return picker_.next(all, failed, options_.avoid_slow_brokers ? &faults_ : nullptr, Core::now());
}

Task<Result<Stored>> Sender::attempts(Sending& sending) {
  Result<Stored> result = fail(Errc::timed_out, "the send_timeout was over before an attempt");
  std::string failed;
  milliseconds pause = kPauseMin;
  for (int i = 0; i <= options_.retries && Core::now() < sending.deadline; ++i) {
    SLUICE_CO_TRY(const RoutePtr route, co_await this->route(sending.out.message.topic));
    SLUICE_CO_TRY(const WritableQueue target, choose(sending, *route, failed));
    const SteadyTime begun = Core::now();
    const milliseconds left = sending.deadline - begun;
    sending.address = target.address;
    result = co_await attempt(sending, target, left);
    if (!sending.done) co_return std::move(result);
    const bool again = !result && worth_another(result.error().code());
    const auto latency = again ? FaultTable::kFailure : Core::now() - begun;
    faults_.note(target.queue.broker, latency, Core::now());
    if (!again || core_->closing()) break;
    // Elsewhere at once; the same broker again only after a pause.
    const bool alone = std::ranges::all_of(route->writable, [&](const WritableQueue& one) {
      return one.queue.broker == target.queue.broker;
    });
    failed = target.queue.broker;
    if (alone && i < options_.retries) {
      co_await core_->sleep(std::min(pause, milliseconds(sending.deadline - Core::now())));
      pause *= 4;
    }
    static_cast<void>(co_await core_->routes().refresh(sending.out.message.topic));
  }
  co_return std::move(result);
}

Task<Result<Stored>> Sender::attempt(Sending& sending, const WritableQueue& target,
                                     milliseconds timeout) {
  const Outgoing& out = sending.out;
  SendMessageV2 request;
  request.producer_group = options_.group;
  request.topic = out.message.topic;
  request.default_topic = "TBW102";
  request.default_topic_queues = options_.create_topic_queues;
  request.queue_id = target.queue.id;
  request.sys_flag = out.sys_flag;
  request.born_ms = unix_ms(Core::wall_now());
  request.properties = out.properties;
  request.batch = out.carrier == Carrier::batch;
  request.broker_name = target.queue.broker;
  Meter meter(core_->options().meter, {.operation = "send",
                                       .topic = out.message.topic,
                                       .broker = target.queue.broker,
                                       .messages = std::max<std::size_t>(out.batch_ids.size(), 1),
                                       .bytes = out.message.body.size()});
  Result<Stored> result = Stored();
  switch (out.carrier) {
    case Carrier::single:
      result = co_await exchange<SendMessageV2>(sending, target, request, timeout);
      break;
    case Carrier::batch:
      result = co_await exchange<SendBatchMessage>(sending, target, {request}, timeout);
      break;
    case Carrier::reply:
      result = co_await exchange<SendReplyV2>(sending, target, {request}, timeout);
  }
  meter.end(result);
  co_return result;
}

template <class Request>
Task<Result<Stored>> Sender::exchange(const Sending& sending, const WritableQueue& target,
                                      Request request, milliseconds timeout) {
  const Bytes body = as_bytes(sending.out.message.body);
  if (!sending.done) {
    core_->remoting().start_one_way(target.address, request, body);
    co_return Stored{};
  }
  SLUICE_CO_TRY(const Answer answer, co_await core_->call(target.address, request, body, timeout));
  co_return stored_by(target, answer);
}

}  // namespace sluice::client
