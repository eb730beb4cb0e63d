#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "client/consuming/member.h"
#include "client/engine/together.h"
#include "wire/json/reader.h"
#include "wire/remoting/requests/groups.h"

/// Which queues are ours: who the members are, what our share is.
namespace sluice::client {

using namespace wire::remoting;
namespace json = wire::json;

namespace {
constexpr milliseconds kAgain{1'000};  ///< when a round could not be finished
}  // namespace

Task<void> Member::keep_balanced() {
  const Inside inside(loops_);
  // Brokers must know the member before they are asked who the members are.
  std::vector<std::string> topics;
  topics.reserve(interests_.size());
  for (const auto& [topic, interest] : interests_) topics.push_back(topic);
  for (const std::string& topic : topics) static_cast<void>(co_await core_->routes().get(topic));
  co_await core_->heartbeat();
  while (!stopping_) {
    const bool whole = co_await balance_all();
    if (!stopping_) co_await rebalance_.wait(whole ? settings_.rebalance_interval : kAgain);
  }
}

Task<bool> Member::balance_all() {
  std::set<std::string> topics;
  for (const auto& [topic, interest] : interests_) topics.insert(topic);
  for (const Queue& queue : assigned_) topics.insert(queue.topic);
  for (const auto& [queue, shelf] : shelves_) topics.insert(queue.topic);
  bool whole = true;
  for (const std::string& topic : topics) {
    if (!stopping_) whole = co_await balance(topic) && whole;
  }
  publish_queues();
  co_return whole;
}

void Member::publish_queues() {
  const std::lock_guard guard(queues_mutex_);
  queues_.clear();
  for (const auto& [queue, shelf] : shelves_) queues_.push_back(queue);
}

Task<bool> Member::balance(std::string topic) {
  auto route = co_await core_->routes().get(topic);
  if (!route) {
    // A retry topic is made with the first heartbeat or the first message that comes again.
    co_return topic == retry_topic() && route.error().code() == Errc::topic_not_found;
  }
  auto mine = co_await share(topic, (*route)->readable);
  if (!mine) {
    if (mine.error().code() == Errc::invalid_argument) {
      core_->log(LogLevel::warning, fmt::format("the queues of {} stay as they are: {}", topic,
                                                mine.error().remark()));
    }
    co_return false;
  }
  co_return co_await take_over(topic, std::move(*mine));
}

Task<Result<std::vector<Queue>>> Member::share(std::string topic, std::vector<Queue> readable) {
  if (is_assigned_) {
    std::erase_if(readable, [&](const Queue& q) {
      return std::ranges::find(assigned_, q) == assigned_.end();
    });
    co_return readable;
  }
  if (settings_.broadcasting) co_return readable;
  SLUICE_CO_TRY(const auto all, co_await members(topic));
  SharingOptions options = settings_.sharing;
  // Retry topics are on every broker and in nobody's list.
  if (topic == retry_topic() && options.rule >= Sharing::machine_room) {
    options.rule = Sharing::average;
  }
  auto mine = share_of({core_->client_id(), all, readable}, options);
  if (!mine) co_return fail(Errc::invalid_argument, mine.error().remark);
  co_return std::move(*mine);
}

Task<bool> Member::take_over(std::string topic, std::vector<Queue> mine) {
  const std::set<Queue> wanted(mine.begin(), mine.end());
  std::vector<Queue> gained, lost;
  std::vector<ShelfPtr> fresh;
  for (const auto& [queue, shelf] : shelves_) {
    if (queue.topic == topic && !wanted.contains(queue)) lost.push_back(queue);
  }
  for (const Queue& queue : wanted) {
    if (!shelves_.contains(queue)) fresh.push_back(std::make_shared<Shelf>(queue));
  }
  bool whole = true;
  if (settings_.orderly && !fresh.empty()) whole = (co_await lock(fresh)).has_value();
  if (!lost.empty()) {
    changed({}, lost);
    co_await core_->sleep(milliseconds(0));  // commits that this began go first
  }
  std::vector<Task<void>> drops;
  for (const Queue& queue : lost) {
    if (const ShelfPtr shelf = find(queue)) drops.push_back(drop(shelf));
  }
  co_await together(std::move(drops));
  for (const ShelfPtr& shelf : fresh) {
    // A queue whose former owner still has the lock is tried again in the next round.
    const bool ours = !settings_.orderly || shelf->has_lock;
    const bool still = is_assigned_ || interests_.contains(topic);
    whole = whole && ours;
    if (!ours || !still || stopping_ || shelves_.contains(shelf->queue)) continue;
    shelves_[shelf->queue] = shelf;
    gained.push_back(shelf->queue);
  }
  if (!gained.empty()) changed(gained, {});
  for (const Queue& queue : gained) {
    if (const ShelfPtr shelf = find(queue)) start_reading(shelf);
  }
  co_return whole;
}

Task<Result<std::vector<std::string>>> Member::members(std::string topic) {
  SLUICE_CO_TRY(const RoutePtr route, co_await core_->routes().get(topic));
  GetConsumerList request;
  request.group = settings_.group;
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

Task<void> Member::drop(ShelfPtr shelf) {
  if (shelf->dropped) co_return;
  shelf->dropped = true;
  shelf->ring();
  shelves_.erase(shelf->queue);
  // The next owner of an ordered queue must not begin while a batch of it is in our hands.
  const SteadyTime deadline = Core::now() + settings_.shutdown_timeout;
  while (settings_.orderly && shelf->busy && !stopping_ && Core::now() < deadline) {
    co_await core_->sleep(milliseconds(10));
  }
  if (settings_.commits) co_await commit(shelf);
  if (auto kept = offsets_.flush(); !kept) {
    core_->log(LogLevel::warning, std::string(kept.error().remark()));
  }
  if (settings_.orderly) co_await unlock(shelf);
}

}  // namespace sluice::client
