#include <set>

#include <fmt/format.h>

#include "client/consuming/member.h"
#include "wire/json/reader.h"
#include "wire/json/writer.h"
#include "wire/remoting/requests/groups.h"

/// Locks of ordered queues: brokers grant each to one member at a time, and let go of it after 60
/// s.
namespace sluice::client {

using namespace wire::remoting;
namespace json = wire::json;

namespace {

constexpr milliseconds kLockValid{30'000};
constexpr milliseconds kLockRenewal{20'000};

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

bool Member::lock_holds(const Shelf& shelf) const {
  return shelf.has_lock && Core::now() - shelf.locked < kLockValid;
}

Task<Result<void>> Member::lock(std::vector<ShelfPtr> shelves) {
  std::map<std::string, std::vector<ShelfPtr>> by_broker;
  for (const ShelfPtr& shelf : shelves) by_broker[shelf->queue.broker].push_back(shelf);
  for (const auto& [broker, of_broker] : by_broker) {
    SLUICE_CO_TRY(const RoutePtr route,
                  co_await core_->routes().get(of_broker.front()->queue.topic));
    std::vector<Queue> queues;
    for (const ShelfPtr& shelf : of_broker) queues.push_back(shelf->queue);
    Buffer body;
    write_lock_body(body, core_->client_id(), settings_.group, queues);
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
      if (shelf->has_lock) shelf->locked = Core::now();
    }
  }
  arrived();
  co_return Result<void>{};
}

Task<void> Member::unlock(ShelfPtr shelf) {
  const auto route = co_await core_->routes().get(shelf->queue.topic);
  if (!route) co_return;
  Buffer body;
  write_lock_body(body, core_->client_id(), settings_.group, {shelf->queue});
  static_cast<void>(co_await core_->call((*route)->address_of(shelf->queue.broker), UnlockQueues{},
                                         body.bytes()));
}

Task<void> Member::keep_locked() {
  const Inside inside(loops_);
  while (!stopping_) {
    co_await lock_.wait(kLockRenewal);
    if (stopping_) break;
    if (auto locked = co_await lock(shelves()); !locked) {
      core_->log(LogLevel::warning, fmt::format("queues of {} were not locked again: {}",
                                                settings_.group, locked.error().remark()));
    }
  }
}

}  // namespace sluice::client
