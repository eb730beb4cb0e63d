#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "client/consuming/allocation.h"
#include "client/consuming/consumption.h"
#include "wire/json/reader.h"
#include "wire/json/writer.h"
#include "wire/remoting/requests/groups.h"

/// Which queues are ours: who the members are, what our share is, locks of ordered queues.
namespace sluice::client {

using namespace wire::remoting;
namespace json = wire::json;

namespace {

constexpr milliseconds kAgain{1'000};         ///< when a round could not be finished
constexpr milliseconds kLockRenewal{20'000};  ///< and the first round

void write_lock_body(Buffer& to, const std::string& client_id, const std::string& group,
                     const std::vector<Queue>& queues) {
  json::Writer out(to);
  out.begin_object()
      .member("clientId", client_id)
      .member("consumerGroup", group)
      .key("mqSet")
      .begin_array();
  for (const Queue& q : queues) write(out, q.topic, q.broker, q.id);
  out.end().end();
}

}  // namespace

Task<void> Consumption::keep_balanced() {
  const Inside inside(loops_);
  // Brokers must know the member before they are asked who the members are.
  for (const auto& [topic, s] : subscriptions_)
    static_cast<void>(co_await core_->routes().get(topic));
  co_await core_->heartbeat();
  while (!stopping_) {
    bool whole = true;
    for (const auto& [topic, s] : subscriptions_) {
      if (!stopping_) whole = co_await balance(topic) && whole;
    }
    {
      const std::lock_guard guard(queues_mutex_);
      queues_.clear();
      for (const auto& [queue, shelf] : shelves_) queues_.push_back(queue);
    }
    if (!stopping_) co_await rebalance_.wait(whole ? options_.rebalance_interval : kAgain);
  }
}

Task<bool> Consumption::balance(std::string topic) {
  const bool retries = topic == retry_topic();
  auto route = co_await core_->routes().get(topic);
  if (!route) {
    // A retry topic is made with the first heartbeat or the first message that comes again.
    co_return retries&& route.error().code() == Errc::topic_not_found;
  }
  std::vector<Queue> mine = (*route)->readable;
  if (!options_.broadcasting) {
    auto all = co_await members(topic);
    if (!all) co_return false;
    const Shares shares{core_->client_id(), *all, (*route)->readable};
    mine = retries && options_.sharing >= Sharing::machine_room ? average_share(shares)
                                                                : share_of(shares, options_);
  }
  const std::set<Queue> wanted(mine.begin(), mine.end());
  std::vector<ShelfPtr> lost, fresh;
  for (const auto& [queue, shelf] : shelves_) {
    if (queue.topic == topic && !wanted.contains(queue)) lost.push_back(shelf);
  }
  for (const ShelfPtr& shelf : lost) co_await drop(shelf);
  for (const Queue& queue : wanted) {
    if (!shelves_.contains(queue))
      fresh.push_back(std::make_shared<Shelf>(core_->reactor(), queue));
  }
  bool whole = true;
  if (options_.orderly && !fresh.empty()) whole = (co_await lock(fresh)).has_value();
  for (const ShelfPtr& shelf : fresh) {
    // A queue whose former owner still has the lock is tried again in the next round.
    if (stopping_ || (options_.orderly && !shelf->has_lock)) {
      whole = false;
      continue;
    }
    shelves_[shelf->queue] = shelf;
    run_detached([](std::shared_ptr<Consumption> self, ShelfPtr s) -> Task<void> {
      co_await self->read(std::move(s));
    }(shared_from_this(), shelf));
  }
  co_return whole;
}

Task<Result<std::vector<std::string>>> Consumption::members(std::string topic) {
  SLUICE_CO_TRY(const RoutePtr route, co_await core_->routes().get(topic));
  GetConsumerList request;
  request.group = options_.group;
  Result<std::vector<std::string>> ids = fail(Errc::not_found, "the route names no broker");
  for (const std::string& address : route->addresses()) {
    auto answer = co_await core_->call(address, request);
    auto told = answer ? client::check(*answer) : fail(std::move(answer.error()));
    if (!told) {
      ids = fail(std::move(told.error()));
      continue;
    }
    SLUICE_CO_TRY(const json::Value value, json::parse(as_text(answer->command.body)));
    std::vector<std::string> found;
    for (const json::Value& id : json::array(value, "consumerIdList")) {
      if (id.is_string()) found.push_back(id.get<std::string>());
    }
    std::ranges::sort(found);
    co_return found;
  }
  co_return std::move(ids);
}

Task<void> Consumption::drop(ShelfPtr shelf) {
  shelf->dropped = true;
  shelf->alarm.ring();
  shelves_.erase(shelf->queue);
  // The next owner of an ordered queue must not begin while a batch of it is in our hands.
  const SteadyTime deadline = Core::now() + options_.shutdown_timeout;
  while (options_.orderly && shelf->busy && !stopping_ && Core::now() < deadline) {
    co_await core_->sleep(milliseconds(10));
  }
  co_await commit(shelf);
  if (options_.orderly) co_await unlock(shelf);
}

Task<Result<void>> Consumption::lock(std::vector<ShelfPtr> shelves) {
  std::map<std::string, std::vector<ShelfPtr>> by_broker;
  for (const ShelfPtr& shelf : shelves) by_broker[shelf->queue.broker].push_back(shelf);
  for (const auto& [broker, of_broker] : by_broker) {
    SLUICE_CO_TRY(const RoutePtr route,
                  co_await core_->routes().get(of_broker.front()->queue.topic));
    std::vector<Queue> queues;
    for (const ShelfPtr& shelf : of_broker) queues.push_back(shelf->queue);
    Buffer body;
    write_lock_body(body, core_->client_id(), options_.group, queues);
    SLUICE_CO_TRY(const Answer answer,
                  co_await core_->call(route->address_of(broker), LockQueues{}, body.bytes()));
    SLUICE_CO_CHECK(client::check(answer));
    SLUICE_CO_TRY(const json::Value value, json::parse(as_text(answer.command.body)));
    std::set<Queue> held;
    for (const json::Value& one : json::array(value, "lockOKMQSet")) {
      const MessageQueue q = read_message_queue(one);
      held.insert({q.topic, q.broker_name, q.queue_id});
    }
    for (const ShelfPtr& shelf : of_broker) {
      shelf->has_lock = held.contains(shelf->queue);
      if (!shelf->has_lock) continue;
      shelf->locked = Core::now();
    }
  }
  hand_out();
  co_return Result<void>{};
}

Task<void> Consumption::unlock(ShelfPtr shelf) {
  const auto route = co_await core_->routes().get(shelf->queue.topic);
  if (!route) co_return;
  Buffer body;
  write_lock_body(body, core_->client_id(), options_.group, {shelf->queue});
  static_cast<void>(co_await core_->call((*route)->address_of(shelf->queue.broker), UnlockQueues{},
                                         body.bytes()));
}

std::vector<Consumption::ShelfPtr> Consumption::shelves() const {
  std::vector<ShelfPtr> all;
  all.reserve(shelves_.size());
  for (const auto& [queue, shelf] : shelves_) all.push_back(shelf);
  return all;
}

Task<void> Consumption::keep_locked() {
  const Inside inside(loops_);
  while (!stopping_) {
    co_await lock_.wait(kLockRenewal);
    if (stopping_) break;
    const std::vector<ShelfPtr> all = shelves();
    if (auto locked = co_await lock(all); !locked) {
      core_->log(LogLevel::warning, fmt::format("queues of {} were not locked again: {}",
                                                options_.group, locked.error().remark()));
    }
  }
}

}  // namespace sluice::client
