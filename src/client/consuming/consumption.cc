#include "client/consuming/consumption.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/send.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr milliseconds kLockValid{30'000};  ///< brokers let go after 60 s
constexpr milliseconds kLocalRetry{5'000};
constexpr std::string_view kRetryPrefix = "%RETRY%";

Verdict call_listener(const Listener& listener, std::span<const ReceivedMessage> batch) {
  try {
    return listener(batch);
  } catch (...) {  // the program's own code: whatever it throws, the messages are not done
    return {.done = false};
  }
}

}  // namespace

Consumption::Consumption(std::shared_ptr<Core> core, PushConsumerOptions options)
    : core_(std::move(core)),
      options_(std::move(options)),
      version_(unix_ms(Core::wall_now())),
      offsets_(*core_, options_.group,
               options_.broadcasting ? OffsetKeeper::file_of(options_.offset_directory,
                                                             core_->client_id(), options_.group)
                                     : std::string()),
      rebalance_(core_->reactor()),
      commit_(core_->reactor()),
      lock_(core_->reactor()),
      drained_(core_->reactor()) {
  for (const Subscription& s : options_.subscriptions) subscriptions_[s.topic] = s;
  if (!options_.broadcasting) subscriptions_[retry_topic()] = {.topic = retry_topic()};
}

Result<void> Consumption::check(const PushConsumerOptions& options) {
  const auto bad = [](std::string why) { return fail(Errc::invalid_argument, std::move(why)); };
  if (options.group.empty()) return bad("a push consumer needs a group");
  if (options.subscriptions.empty()) return bad("a push consumer needs a subscription");
  if (!options.listener) return bad("a push consumer needs a listener");
  if (options.threads < 1 || options.threads > 1'000) {
    return bad(fmt::format("threads is {}; 1 to 1000 are allowed", options.threads));
  }
  if (options.max_batch < 1 || options.max_batch > 1'024) {
    return bad(fmt::format("max_batch is {}; 1 to 1024 are allowed", options.max_batch));
  }
  if (options.max_cached_messages < 1 || options.max_cached_bytes < 1) {
    return bad("max_cached_messages and max_cached_bytes must be at least 1");
  }
  if (options.broadcasting && options.orderly) {
    return bad("a broadcasting consumer shares no queues, so it cannot lock them: not orderly");
  }
  return {};
}

std::string Consumption::retry_topic() const { return std::string(kRetryPrefix) + options_.group; }

void Consumption::begin() {
  workers_ = std::make_unique<Workers>(options_.threads);
  core_->add(shared_from_this());
  const auto self = shared_from_this();
  const auto start = [](std::shared_ptr<Consumption> c, Task<void> loop) -> Task<void> {
    co_await std::move(loop);
    static_cast<void>(c);  // lives as long as the loop
  };
  run_detached(start(self, keep_balanced()));
  run_detached(start(self, keep_committed()));
  if (options_.orderly) run_detached(start(self, keep_locked()));
}

void Consumption::describe(HeartbeatBody& heartbeat) const {
  ConsumerData data{.group = options_.group,
                    .consume_type = 1,
                    .message_model = options_.broadcasting ? 0 : 1,
                    .from_where = options_.start == StartAt::first ? "CONSUME_FROM_FIRST_OFFSET"
                                                                   : "CONSUME_FROM_LAST_OFFSET",
                    .subscriptions = {}};
  for (const auto& [topic, s] : subscriptions_) {
    data.subscriptions.push_back({.topic = topic,
                                  .expression = s.expression,
                                  .type = s.sql ? "SQL92" : "TAG",
                                  .version = version_});
  }
  heartbeat.consumers.push_back(std::move(data));
}

bool Consumption::serve(const std::string&, const Answer& request, const Remoting::Respond&) {
  if (request.command.code != NotifyConsumersChanged::kCode) return false;
  if (request.command.ext.get("consumerGroup") != options_.group) return false;
  rebalance_.ring();
  return true;
}

/// Gives the workers as much as keeps them busy, from the queues in turn: what lies here can still
/// be left to others.
void Consumption::hand_out() {
  bool found = true;
  while (found && !suspended_ && !stopping_ && with_listener_ < 2 * options_.threads) {
    auto at = shelves_.upper_bound(served_last_);
    found = false;
    for (std::size_t i = 0; i < shelves_.size() && !found; ++i, ++at) {
      if (at == shelves_.end()) at = shelves_.begin();
      found = hand_out_of(at->second);
    }
  }
}

bool Consumption::hand_out_of(const ShelfPtr& shelf) {
  if (shelf->messages.waiting() == 0) return false;
  if (options_.orderly && (shelf->busy || !lock_holds(*shelf))) return false;
  shelf->busy = true;
  served_last_ = shelf->queue;
  consume(shelf, shelf->messages.take(static_cast<std::size_t>(options_.max_batch)));
  return true;
}

void Consumption::consume(const ShelfPtr& shelf, Batch batch) {
  ++with_listener_;
  workers_->submit(
      [self = shared_from_this(), shelf = ShelfPtr(shelf), batch = std::move(batch)]() mutable {
        const Verdict verdict = call_listener(self->options_.listener, batch);
        Core& core = *self->core_;
        core.post([self = std::move(self), shelf = std::move(shelf), batch = std::move(batch),
                   verdict]() mutable {
          run_detached(
              [](std::shared_ptr<Consumption> me, ShelfPtr s, Batch b, Verdict v) -> Task<void> {
                co_await me->settle(std::move(s), std::move(b), v);
              }(std::move(self), std::move(shelf), std::move(batch), verdict));
        });
      });
}

Task<void> Consumption::settle(ShelfPtr shelf, Batch batch, Verdict verdict) {
  if (verdict.done || options_.broadcasting) {
    shelf->messages.done(batch);
  } else if (options_.orderly) {
    shelf->messages.give_back(batch);
    if (!stopping_) co_await core_->sleep(options_.orderly_pause);
  } else {
    for (const ReceivedMessage& message : batch) {
      const bool sent = co_await send_back(shelf, message, verdict.delay_level);
      const Batch one{message};
      if (sent) {
        shelf->messages.done(one);
      } else {
        if (!stopping_) co_await core_->sleep(kLocalRetry);
        shelf->messages.give_back(one);
      }
    }
  }
  shelf->busy = false;
  if (--with_listener_ == 0) drained_.ring();
  shelf->alarm.ring();
  hand_out();
}

Task<bool> Consumption::send_back(ShelfPtr shelf, ReceivedMessage message, int delay_level) {
  const auto route = co_await core_->routes().get(shelf->queue.topic);
  if (!route) co_return false;
  ConsumerSendBack request;
  request.position = message.position;
  request.group = options_.group;
  request.delay_level = delay_level;
  const std::string id(message.id()), topic(message.topic);
  request.origin_message_id = id;
  request.origin_topic = topic;
  if (options_.max_attempts >= 0) request.max_reconsume_times = options_.max_attempts;
  const auto answer = co_await core_->call((*route)->address_of(shelf->queue.broker), request);
  if (answer && client::check(*answer)) co_return true;
  core_->log(LogLevel::warning,
             fmt::format("message {} was not given back to {} and is tried again here", id,
                         shelf->queue.broker));
  co_return false;
}

Task<void> Consumption::keep_committed() {
  const Inside inside(loops_);
  while (!stopping_) {
    co_await commit_.wait(options_.commit_interval);
    const std::vector<ShelfPtr> all = shelves();
    for (const ShelfPtr& shelf : all) co_await commit(shelf);
  }
}

Task<void> Consumption::commit(ShelfPtr shelf) {
  std::int64_t offset = shelf->messages.committable();
  // Nothing in hand: all that was read is done, and what filters kept back is passed, too.
  if (shelf->messages.count() == 0) offset = std::max(offset, shelf->next);
  if (offset < 0 || offset == shelf->committed) co_return;
  const auto stored = co_await offsets_.store(shelf->queue, offset);
  if (stored) {
    shelf->committed = offset;
  } else {
    core_->log(LogLevel::warning,
               fmt::format("the offset of {} queue {} was not committed: {}", shelf->queue.topic,
                           shelf->queue.id, stored.error().remark()));
  }
}

bool Consumption::lock_holds(const Shelf& shelf) const {
  return shelf.has_lock && Core::now() - shelf.locked < kLockValid;
}

void Consumption::suspend(bool on) {
  suspended_ = on;
  for (const auto& [queue, shelf] : shelves_) shelf->alarm.ring();
  hand_out();
}

std::vector<Queue> Consumption::queues() const {
  const std::lock_guard lock(queues_mutex_);
  return queues_;
}

Task<void> Consumption::stop() {
  const auto self = shared_from_this();
  if (stopping_) {
    co_await stops_;
    co_return;
  }
  const Inside inside(stops_);
  stopping_ = true;
  for (Alarm* alarm : {&rebalance_, &commit_, &lock_}) alarm->ring();
  for (const auto& [queue, shelf] : shelves_) shelf->alarm.ring();
  const SteadyTime deadline = Core::now() + options_.shutdown_timeout;
  while (with_listener_ > 0 && Core::now() < deadline) {
    co_await drained_.wait(std::max(deadline - Core::now(), milliseconds(1)));
  }
  co_await loops_;
  const std::vector<ShelfPtr> all = shelves();
  for (const ShelfPtr& shelf : all) co_await drop(shelf);
  core_->remove(*this);
  co_await core_->unregister({}, options_.group);
}

}  // namespace sluice::client
