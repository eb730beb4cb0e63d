#include "client/producing/sender.h"

#include <random>

#include <fmt/format.h>

#include "client/producing/recall_handle.h"
#include "wire/remoting/requests/send.h"

namespace sluice::client {

using namespace wire::remoting;

Sender::Sender(std::shared_ptr<Core> core, ProducerOptions options)
    : core_(std::move(core)),
      options_([&] {
        options.group = core_->names().wrap(options.group);
        return std::move(options);
      }()),
      picker_(std::random_device{}()),
      in_flight_(options_.max_bytes_in_flight),
      batcher_(core_->reactor(), options_,
               {.make_id = [this] { return core_->next_message_id(); },
                .send = [this](auto sending) { run_detached(run(std::move(sending))); },
                .finish = [this](Sending& one, auto result) { finish(one, std::move(result)); },
                .now = Core::now}),
      requests_(*core_,
                [this](Message message, milliseconds timeout, auto told) {
                  launch(prepare(std::move(message), core_->next_message_id(), options_),
                         {.timeout = timeout}, WhenFull::fail,
                         [told = std::move(told)](const Outgoing&, Result<Stored> stored) {
                           told(std::move(stored));
                         });
                }),
      transactions_(*core_, options_.group, options_.check),
      tracer_(core_->reactor(), [this](Message traces) {
        launch(prepare(std::move(traces), core_->next_message_id(), options_), {}, WhenFull::fail,
               [](const Outgoing&, const Result<Stored>&) {});
      }) {}

void Sender::hand_over(std::unique_ptr<Sending> sending) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = incoming_.empty();
    incoming_.push_back(std::move(sending));
  }
  if (!first || core_->post([self = shared_from_this()] { self->take_in(); })) return;
  // Nothing takes them any more: dropped, they say that this client was closed.
  static_cast<void>(taken());
}

std::vector<std::unique_ptr<Sending>> Sender::taken() {
  const std::lock_guard lock(mutex_);
  return std::exchange(incoming_, {});
}

Result<void> Sender::enter(std::unique_ptr<Sending>& sending, Result<Outgoing> out,
                           SendOptions options, WhenFull when_full) {
  if (core_->is_closed()) return fail(Errc::closed, "this client was closed");
  if (!out) return fail(std::move(out.error()));
  const milliseconds timeout =
      options.timeout.count() > 0 ? options.timeout : options_.send_timeout;
  if (options.queue) options.queue->topic = core_->names().wrap(options.queue->topic);
  if (out->carrier != Carrier::reply) out->message.topic = core_->names().wrap(out->message.topic);
  sending->out = std::move(*out);
  sending->options = std::move(options);
  sending->deadline = Core::now() + timeout;
  sending->bytes = sending->out.bytes();
  SLUICE_CHECK(in_flight_.enter(sending->bytes, when_full, timeout));
  hand_over(std::move(sending));
  return {};
}

Result<void> Sender::start(Result<Outgoing> out, SendOptions options, WhenFull when_full,
                           Done done) {
  auto sending = std::make_unique<Sending>();
  sending->done = std::move(done);
  auto entered = enter(sending, std::move(out), std::move(options), when_full);
  if (!entered && sending->done) {
    sending->done(sending->out,
                  fail(entered.error().code(), std::string(entered.error().remark())));
  }
  return entered;
}

void Sender::launch(Result<Outgoing> out, SendOptions options, WhenFull when_full, Done done) {
  // What goes wrong, `done` is told.
  static_cast<void>(start(std::move(out), std::move(options), when_full, std::move(done)));
}

void Sender::send(Message message, SendOptions options, WhenFull when_full,
                  Completion<Receipt> done) {
  launch(prepare(std::move(message), core_->next_message_id(), options_), std::move(options),
         when_full,
         [this, done = std::move(done)](const Outgoing& out, Result<Stored> stored) mutable {
           if (!stored) return done(to_failure(stored.error()));
           core_->names().strip(stored->queue.topic);
           done(receipt_of(out, std::move(*stored)));
         });
}

void Sender::send_batch(std::vector<Message> messages, SendOptions options, WhenFull when_full,
                        Completion<std::vector<Receipt>> done) {
  std::vector<std::string> ids(messages.size() + 1);
  for (std::string& id : ids) id = core_->next_message_id();
  launch(prepare_batch(std::move(messages), std::move(ids), options_), std::move(options),
         when_full,
         [this, done = std::move(done)](const Outgoing& out, Result<Stored> stored) mutable {
           if (!stored) return done(to_failure(stored.error()));
           core_->names().strip(stored->queue.topic);
           done(receipts_of(out, *stored));
         });
}

Outcome<void> Sender::send_one_way(Message message, SendOptions options) {
  auto begun = start(prepare(std::move(message), core_->next_message_id(), options_),
                     std::move(options), WhenFull::wait, nullptr);
  if (!begun) return to_failure(begun.error());
  return {};
}

void Sender::begin(Message message, SendOptions options, WhenFull when_full,
                   Completion<Transaction> done) {
  launch(prepare_half(std::move(message), core_->next_message_id(), options_, options_.group),
         std::move(options), when_full,
         [this, done = std::move(done)](const Outgoing& out, Result<Stored> stored) mutable {
           begun(out, std::move(stored), std::move(done));
         });
}

void Sender::begun(const Outgoing& out, Result<Stored> stored, Completion<Transaction> done) {
  if (!stored) return done(to_failure(stored.error()));
  core_->names().strip(stored->queue.topic);
  Receipt half = receipt_of(out, std::move(*stored));
  if (half.status == SendStatus::stored) {
    return done(Transaction(shared_from_this(), std::move(half)));
  }
  run_detached([](std::shared_ptr<Sender> self, Receipt weak,
                  Completion<Transaction> told) -> Task<void> {
    const Inside inside(self->core_->tasks());
    static_cast<void>(co_await self->transactions_.end(std::move(weak), Decision::rollback));
    told(Failure{Errc::timed_out,
                 "the half message was stored less safely than the broker is configured to, and "
                 "was rolled back"});
  }(shared_from_this(), std::move(half), std::move(done)));
}

void Sender::take_in() {
  for (auto& sending : taken()) admit(std::move(sending));
}

/// To the others that it may wait for, or on its way.
void Sender::admit(std::unique_ptr<Sending> sending) {
  const RoutePtr route = core_->routes().known(sending->out.message.topic);
  const bool alone = options_.linger.count() == 0 || !sending->done || !route || stopping_ ||
                     !may_join(sending->out);
  if (alone) {
    batcher_.flush(sending->out.message.topic);  // it must not overtake what waits
    run_detached(run(std::move(sending)));
    return;
  }
  const bool anywhere = !sending->options.queue && !sending->options.selector &&
                        sending->out.message.sharding_key.empty();
  if (anywhere) return batcher_.add(std::move(sending), std::nullopt);
  auto target = choose(*sending, *route, {});
  if (!target) return finish(*sending, fail(std::move(target.error())));
  batcher_.add(std::move(sending), std::move(target->queue));
}

Task<void> Sender::run(std::unique_ptr<Sending> sending) {
  const auto self = shared_from_this();
  const Inside inside(core_->tasks());
  const WallTime begun = options_.trace ? Core::wall_now() : WallTime();
  auto result = co_await attempts(*sending);
  if (options_.trace) {
    tracer_.note({.begun_ms = unix_ms(begun),
                  .took_ms = unix_ms(Core::wall_now()) - unix_ms(begun),
                  .group = options_.group,
                  .broker_address = sending->address},
                 sending->out, result);
  }
  finish(*sending, std::move(result));
}

void Sender::finish(Sending& sending, Result<Stored> result) {
  in_flight_.leave(sending.bytes);
  if (sending.done) sending.done(sending.out, std::move(result));
}

Task<Result<RoutePtr>> Sender::route(std::string topic) {
  auto route = co_await core_->routes().get(topic);
  const bool missing = !route && route.error().code() == Errc::topic_not_found;
  if (!missing || options_.create_topic_queues <= 0) co_return std::move(route);
  auto model = co_await core_->routes().of_new_topic(topic, options_.create_topic_queues);
  if (model) co_return std::move(model);
  co_return std::move(route);  // the topic that is missing is the one asked for
}

Task<Result<std::vector<Queue>>> Sender::writable_queues(std::string topic) {
  SLUICE_CO_TRY(const RoutePtr known, co_await route(core_->names().wrap(topic)));
  std::vector<Queue> all;
  for (const WritableQueue& one : known->writable) {
    all.push_back(one.queue);
    core_->names().strip(all.back().topic);
  }
  co_return all;
}

Task<Result<void>> Sender::recall(std::string topic, std::string handle) {
  SLUICE_CO_TRY(const RecallHandle parsed, parse_recall_handle(handle));
  const std::string name = core_->names().wrap(topic);
  SLUICE_CO_TRY(const RoutePtr route, co_await core_->routes().get(name));
  RecallMessage request;
  request.producer_group = options_.group;
  request.topic = name;
  request.handle = handle;
  request.broker_name = parsed.broker;
  std::string address = route->address_of(parsed.broker);
  if (address.empty() && !route->writable.empty()) address = route->writable.front().address;
  SLUICE_CO_TRY(const Answer answer, co_await core_->call(address, request));
  co_return check(answer);
}

void Sender::describe(HeartbeatBody& heartbeat) const {
  heartbeat.producer_groups.push_back(options_.group);
}

bool Sender::serve(const std::string& address, const Answer& request,
                   const Remoting::Respond& respond) {
  switch (request.command.code) {
    case CheckTransactionState::kCode: return transactions_.serve(address, request);
    case PushReply::kCode: return requests_.serve(request, respond);
    default: return false;
  }
}

Task<void> Sender::stop() {
  stopping_ = true;
  batcher_.flush();
  tracer_.flush();
  requests_.close();
  core_->remove(*this);
  co_await core_->unregister(options_.group, {});
}

}  // namespace sluice::client
