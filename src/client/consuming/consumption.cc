#include "client/consuming/consumption.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/remoting/bodies/running_info.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr milliseconds kLocalRetry{5'000};
constexpr milliseconds kForever{std::chrono::hours(24 * 365)};
constexpr int kNever = -1;  ///< the delay level of messages that do not come again

struct Called {
  Verdict verdict;
  std::string_view result = "CR_SUCCESS";  ///< as tools name it
};

Called call_listener(const Listener& listener, std::span<const ReceivedMessage> batch) {
  try {
    const Verdict verdict = listener(batch);
    return {verdict, verdict.done ? "CR_SUCCESS" : "CR_LATER"};
  } catch (...) {  // the program's own code: whatever it throws, the messages are not done
    return {{.done = false}, "CR_THROW_EXCEPTION"};
  }
}

std::size_t positive(int number) { return static_cast<std::size_t>(std::max(number, 0)); }

MemberSettings settings_of(const PushConsumerOptions& options) {
  return {.group = options.group,
          .subscriptions = options.subscriptions,
          .pushes = true,
          .orderly = options.orderly,
          .broadcasting = options.broadcasting,
          .start = options.start,
          .start_time = options.start_time,
          .limits = {positive(options.max_cached_messages), options.max_cached_bytes,
                     options.orderly ? 0 : options.max_span},
          .total = {positive(options.max_total_messages), options.max_total_bytes, 0},
          .pull_batch = options.pull_batch,
          .sharing = options.sharing,
          .commit_interval = options.commit_interval,
          .rebalance_interval = options.rebalance_interval,
          .shutdown_timeout = std::min(options.shutdown_timeout, kForever),
          .offset_directory = options.offset_directory};
}

}  // namespace

Consumption::Consumption(std::shared_ptr<Core> core, PushConsumerOptions options)
    : Member(std::move(core), settings_of(options)),
      options_(std::move(options)),
      workers_(options_.listener ? options_.threads : 0),
      drained_(this->core().reactor()) {}

Result<void> Consumption::check(const PushConsumerOptions& options) {
  const auto bad = [](std::string why) { return fail(Errc::invalid_argument, std::move(why)); };
  SLUICE_CHECK(settings_of(options).check());
  if (options.subscriptions.empty()) return bad("a push consumer needs a subscription");
  if (options.threads < 1 || options.threads > 1'000) {
    return bad(fmt::format("threads is {}; 1 to 1000 are allowed", options.threads));
  }
  if (options.max_batch < 1 || options.max_batch > 1'024) {
    return bad(fmt::format("max_batch is {}; 1 to 1024 are allowed", options.max_batch));
  }
  return {};
}

void Consumption::suspend(bool on) {
  suspended_ = on;
  suspend_reading(on);
  arrived();
}

void Consumption::next(Completion<Delivery> done) {
  if (stopping()) return;  // tells it
  waiting_.push_back(std::move(done));
  arrived();
}

/// Gives the program as much as keeps it busy, from the queues in turn: what lies here can still be
/// left to others.
void Consumption::arrived() {
  const auto wanted = [this] {
    return has_listener() ? with_program_ < 2 * options_.threads : !waiting_.empty();
  };
  while (!suspended_ && !stopping() && wanted()) {
    const ShelfPtr shelf = next_shelf();
    if (!shelf) return;
    give(shelf);
  }
}

ShelfPtr Consumption::next_shelf() {
  const auto& all = shelf_map();
  auto at = all.upper_bound(served_last_);
  for (std::size_t i = 0; i < all.size(); ++i, ++at) {
    if (at == all.end()) at = all.begin();
    if (may_give(*at->second)) return at->second;
  }
  return nullptr;
}

void Consumption::give(const ShelfPtr& shelf) {
  shelf->busy = true;
  served_last_ = shelf->queue;
  ++with_program_;
  if (has_listener()) {
    return give_to_listener(shelf, shelf->messages.take(positive(options_.max_batch)));
  }
  auto taken = shelf->messages.take(1);
  auto done = std::move(waiting_.front());
  waiting_.pop_front();
  done(Delivery(std::make_shared<Handed>(std::static_pointer_cast<Consumption>(shared_from_this()),
                                         shelf, std::move(taken.front()))));
}

void Consumption::give_to_listener(const ShelfPtr& shelf, Batch batch) {
  workers_.submit([self = std::static_pointer_cast<Consumption>(shared_from_this()),
                   shelf = ShelfPtr(shelf), batch = std::move(batch)]() mutable {
    const Called called = call_listener(self->options_.listener, batch);
    Consumption& consumption = *self;
    consumption.settle_soon(std::move(shelf), std::move(batch), called.verdict);
  });
}

void Consumption::settle(const std::shared_ptr<Handed>& handed, Verdict verdict) {
  settle_soon(handed->shelf, {handed->message}, verdict);
}

void Consumption::settle_soon(ShelfPtr shelf, Batch batch, Verdict verdict) {
  core().post([self = std::static_pointer_cast<Consumption>(shared_from_this()),
               shelf = std::move(shelf), batch = std::move(batch), verdict]() mutable {
    run_detached([](std::shared_ptr<Consumption> me, ShelfPtr s, Batch b, Verdict v) -> Task<void> {
      co_await me->settle_now(std::move(s), std::move(b), v);
    }(std::move(self), std::move(shelf), std::move(batch), verdict));
  });
}

Task<void> Consumption::settle_now(ShelfPtr shelf, Batch batch, Verdict verdict) {
  if (given_up_) co_return;
  shelf->consumed_last = Core::now();
  if (verdict.done || options_.broadcasting) {
    shelf->messages.done(batch);
  } else if (options_.orderly) {
    co_await settle_in_order(shelf, std::move(batch), verdict);
  } else {
    co_await settle_failed(shelf, std::move(batch), verdict);
  }
  shelf->busy = false;
  if (--with_program_ == 0) drained_.ring();
  shelf->ring();
  arrived();
}

Task<void> Consumption::settle_in_order(ShelfPtr shelf, Batch batch, Verdict verdict) {
  Batch again;
  for (ReceivedMessage& message : batch) {
    const bool dead = options_.max_attempts >= 0 && message.attempt >= options_.max_attempts;
    if (dead && co_await send_back(shelf, message, kNever)) {
      shelf->messages.done({message});
      continue;
    }
    ++message.attempt;
    again.push_back(std::move(message));
  }
  shelf->messages.give_back(again);
  const milliseconds pause = verdict.pause.count() > 0 ? verdict.pause : options_.orderly_pause;
  if (!again.empty() && !stopping()) co_await core().sleep(pause);
}

Task<void> Consumption::settle_failed(ShelfPtr shelf, Batch batch, Verdict verdict) {
  for (const ReceivedMessage& message : batch) {
    if (co_await send_back(shelf, message, verdict.delay_level)) {
      shelf->messages.done({message});
      continue;
    }
    if (!stopping()) co_await core().sleep(kLocalRetry);
    shelf->messages.give_back({message});
  }
}

Task<bool> Consumption::send_back(ShelfPtr shelf, ReceivedMessage message, int delay_level) {
  const auto route = co_await core().routes().get(shelf->queue.topic);
  if (!route) co_return false;
  ConsumerSendBack request;
  request.position = message.position;
  request.group = options_.group;
  request.delay_level = delay_level;
  const std::string id(message.id()), topic = core().names().wrap(message.topic);
  request.origin_message_id = id;
  request.origin_topic = topic;
  if (options_.max_attempts >= 0) request.max_reconsume_times = options_.max_attempts;
  const auto answer = co_await core().call((*route)->address_of(shelf->queue.broker), request);
  if (answer && client::check(*answer)) co_return true;
  core().log(LogLevel::warning,
             fmt::format("message {} was not given back to {} and is tried again here", id,
                         shelf->queue.broker));
  co_return false;
}

void Consumption::consume_directly(ReceivedMessage message, Tell tell) {
  if (!has_listener()) {
    return tell({.code = kSystemError,
                 .remark = "this consumer has no listener: it takes messages itself",
                 .body = {}});
  }
  workers_.submit([self = std::static_pointer_cast<Consumption>(shared_from_this()),
                   message = std::move(message), tell = std::move(tell)]() mutable {
    const SteadyTime begin = Core::now();
    const Called called = call_listener(self->options_.listener, {&message, 1});
    DirectResult result{.orderly = self->options_.orderly,
                        .result = called.result,
                        .remark = {},
                        .spent_ms = (Core::now() - begin).count()};
    Buffer body;
    result.encode(body);
    Response response{.remark = {}, .body = std::string(as_text(body.bytes()))};
    self->core().post([tell = std::move(tell), response = std::move(response)] { tell(response); });
  });
}

Task<void> Consumption::wind_down() {
  auto waiting = std::exchange(waiting_, {});
  waiting.clear();  // tells them
  const SteadyTime deadline = Core::now() + settings_.shutdown_timeout;
  while (with_program_ > 0 && Core::now() < deadline) {
    co_await drained_.wait(std::max(deadline - Core::now(), milliseconds(1)));
  }
  left_behind_ = with_program_;
  given_up_ = with_program_ > 0;
}

int Consumption::end() {
  workers_.end();
  return left_behind_;
}

}  // namespace sluice::client
