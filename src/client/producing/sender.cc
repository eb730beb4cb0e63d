#include "client/producing/sender.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "wire/remoting/requests/send.h"
#include "wire/remoting/response_code.h"

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

}  // namespace

struct Sender::Sending {
  Outgoing out;
  SendOptions options;
  SteadyTime deadline;
  std::size_t bytes = 0;
  Completion<Receipt> done;  ///< empty for a one-way send
};

Sender::Sender(std::shared_ptr<Core> core, ProducerOptions options)
    : core_(std::move(core)), options_(std::move(options)), picker_(std::random_device{}()) {}

Result<void> Sender::reserve(std::size_t bytes, WhenFull when_full, milliseconds timeout) {
  std::unique_lock lock(mutex_);
  // A message larger than the whole limit goes alone.
  const auto fits = [&] {
    return in_flight_ == 0 || in_flight_ + bytes <= options_.max_bytes_in_flight;
  };
  if (!fits() && (when_full == WhenFull::fail || !room_.wait_for(lock, timeout, fits))) {
    return fail(Errc::busy,
                fmt::format("{} bytes are under way, max_bytes_in_flight is {}: go on when sends "
                            "have completed",
                            in_flight_, options_.max_bytes_in_flight));
  }
  in_flight_ += bytes;
  return {};
}

void Sender::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  in_flight_ -= bytes;
  room_.notify_all();
}

std::size_t Sender::bytes_in_flight() const {
  const std::lock_guard lock(mutex_);
  return in_flight_;
}

void Sender::send(Message message, SendOptions options, WhenFull when_full,
                  Completion<Receipt> done) {
  if (core_->is_closed()) return done(Failure{Errc::closed, "this client was closed"});
  auto out = prepare(std::move(message), core_->next_message_id(), options_);
  if (!out) return done(to_failure(out.error()));
  const milliseconds timeout =
      options.timeout.count() > 0 ? options.timeout : options_.send_timeout;
  const std::size_t bytes = out->message.body.size() + out->properties.size();
  if (auto room = reserve(bytes, when_full, timeout); !room) return done(to_failure(room.error()));
  auto sending = std::make_unique<Sending>(std::move(*out), std::move(options),
                                           Core::now() + timeout, bytes, std::move(done));
  core_->post([self = shared_from_this(), sending = std::move(sending)]() mutable {
    run_detached(self->run(std::move(sending)));
  });
}

Outcome<void> Sender::send_one_way(Message message, SendOptions options) {
  if (core_->is_closed()) return Failure{Errc::closed, "this client was closed"};
  auto out = prepare(std::move(message), core_->next_message_id(), options_);
  if (!out) return to_failure(out.error());
  const std::size_t bytes = out->message.body.size() + out->properties.size();
  auto room = reserve(bytes, WhenFull::wait, options_.send_timeout);
  if (!room) return to_failure(room.error());
  auto sending =
      std::make_unique<Sending>(std::move(*out), std::move(options),
                                Core::now() + options_.send_timeout, bytes, Completion<Receipt>());
  core_->post([self = shared_from_this(), sending = std::move(sending)]() mutable {
    run_detached(self->run(std::move(sending)));
  });
  return {};
}

Task<void> Sender::run(std::unique_ptr<Sending> sending) {
  const auto self = shared_from_this();
  const Inside inside(core_->tasks());
  auto result = co_await attempts(*sending);
  release(sending->bytes);
  if (!sending->done) co_return;
  if (result) {
    sending->done(std::move(*result));
  } else {
    sending->done(to_failure(result.error()));
  }
}

Task<Result<RoutePtr>> Sender::route(std::string topic) {
  auto route = co_await core_->routes().get(topic);
  const bool missing = !route && route.error().code() == Errc::topic_not_found;
  if (!missing || options_.create_topic_queues <= 0) co_return std::move(route);
  auto model = co_await core_->routes().of_new_topic(topic, options_.create_topic_queues);
  if (model) co_return std::move(model);
  co_return std::move(route);  // the topic that is missing is the one asked for
}

Result<WritableQueue> Sender::choose(Sending& sending, const RouteView& route,
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
    for (const WritableQueue& one : all) queues.push_back(one.queue);
    const std::size_t index = sending.options.selector(queues, message);
    if (index < all.size()) return all[index];
    return fail(Errc::queue_out_of_range,
                fmt::format("the selector chose queue {} of {}", index, all.size()));
  }
  if (!message.sharding_key.empty()) return all[index_of_key(message.sharding_key, all.size())];
  return picker_.next(all, failed, options_.avoid_slow_brokers ? &faults_ : nullptr, Core::now());
}

Task<Result<Receipt>> Sender::attempts(Sending& sending) {
  Result<Receipt> result = fail(Errc::timed_out, "the send_timeout was over before an attempt");
  std::string failed;
  milliseconds pause = kPauseMin;
  for (int i = 0; i <= options_.retries && Core::now() < sending.deadline; ++i) {
    SLUICE_CO_TRY(const RoutePtr route, co_await this->route(sending.out.message.topic));
    SLUICE_CO_TRY(const WritableQueue target, choose(sending, *route, failed));
    const SteadyTime begun = Core::now();
    const milliseconds left = sending.deadline - begun;
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

Task<Result<Receipt>> Sender::attempt(Sending& sending, const WritableQueue& target,
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
  request.broker_name = target.queue.broker;
  const Bytes body = as_bytes(out.message.body);
  if (!sending.done) {
    core_->remoting().start_one_way(target.address, request, body);
    co_return Receipt{};
  }
  SLUICE_CO_TRY(const Answer answer, co_await core_->call(target.address, request, body, timeout));
  const auto* row = std::ranges::find(kStored, answer.command.code, &StatusRow::code);
  if (row == std::end(kStored)) {
    const auto refused = check(answer);
    co_return fail(refused.error().code(),
                   fmt::format("{}: {}", target.address, refused.error().remark()));
  }
  SendMessageResponse response;
  SLUICE_CO_CHECK(SendMessageResponse::Wire::decode(answer.command.ext, response));
  Receipt receipt{.queue = target.queue,
                  .offset = response.queue_offset,
                  .message_id = out.id,
                  .offset_id = std::string(response.message_id),
                  .transaction_id = std::string(response.transaction_id),
                  .status = row->status};
  receipt.queue.id = response.queue_id;
  co_return receipt;
}

void Sender::describe(HeartbeatBody& heartbeat) const {
  heartbeat.producer_groups.push_back(options_.group);
}

Task<void> Sender::stop() {
  core_->remove(*this);
  co_await core_->unregister(options_.group, {});
}

}  // namespace sluice::client
