#include <fmt/format.h>

#include "client/consuming/decode.h"
#include "client/consuming/member.h"
#include "client/engine/together.h"
#include "wire/remoting/requests/groups.h"
#include "wire/remoting/requests/relays.h"
#include "wire/remoting/response_code.h"

/// What brokers ask of a member: to look again who is there (40), to go to other offsets (220),
/// where it stands (221, 307), to consume one message (309).
namespace sluice::client {

using namespace wire::remoting;

namespace {

std::string text_of(const Buffer& buffer) { return std::string(as_text(buffer.bytes())); }

/// Of a moment by the steady clock; 0 for none.
std::int64_t wall_ms(SteadyTime time) {
  if (time == SteadyTime()) return 0;
  return unix_ms(Core::wall_now() - (Core::now() - time));
}

}  // namespace

bool Member::serve(const std::string&, const Answer& request, const Remoting::Respond& respond) {
  if (!settings_.listed) return false;
  const auto& command = request.command;
  const std::string_view group = command.ext.get(
      command.code == kResetClientOffset || command.code == kGetConsumerStatusFromClient
          ? "group"
          : "consumerGroup");
  if (group != settings_.group) return false;
  switch (command.code) {
    case NotifyConsumersChanged::kCode: rebalance_.ring(); return true;
    case kResetClientOffset: {
      auto table = read_offset_table(command.body, "offsetTable");
      std::map<Queue, std::int64_t> offsets;
      if (table) {
        for (auto& [q, offset] : *table) offsets[{q.topic, q.broker_name, q.queue_id}] = offset;
      }
      run_detached(
          [](std::shared_ptr<Member> self, std::map<Queue, std::int64_t> to) -> Task<void> {
            co_await self->reset(std::move(to));
          }(shared_from_this(), std::move(offsets)));
      if (respond) respond({});
      return true;
    }
    case kGetConsumerStatusFromClient:
      if (respond) respond({.remark = {}, .body = status_body(command.ext.get("topic"))});
      return true;
    case GetRunningInfo::kCode: {
      Buffer body;
      running_info().encode(body);
      if (respond) respond({.remark = {}, .body = text_of(body)});
      return true;
    }
    case ConsumeDirectly::kCode: {
      Answer own;  // the request's bytes go when this returns
      own.frame.append(command.body);
      own.command.body = own.frame.bytes();
      serve_directly(std::move(own), respond);
      return true;
    }
    default: return false;
  }
}

Task<void> Member::reset(std::map<Queue, std::int64_t> offsets) {
  const Inside inside(core_->tasks());
  std::vector<Task<void>> stores;
  for (const auto& [queue, offset] : offsets) {
    const ShelfPtr shelf = find(queue);
    if (!shelf || stopping_) continue;
    core_->log(LogLevel::info,
               fmt::format("{} queue {} is reset to offset {}", queue.topic, queue.id, offset));
    stores.push_back(commit(replace(shelf, offset)));
  }
  co_await together(std::move(stores));
}

void Member::serve_directly(Answer request, const Remoting::Respond& respond) {
  const Tell tell = [respond](const Response& response) {
    if (respond) respond(response);
  };
  auto batch = decode_batch(std::move(request), {}, core_->names());
  if (!batch || batch->empty()) {
    const auto why = batch ? "the request holds no message" : batch.error().remark();
    return tell({.code = kSystemError, .remark = std::string(why), .body = {}});
  }
  consume_directly(std::move(batch->front()), tell);
}

std::string Member::status_body(std::string_view topic) const {
  OffsetTable table;
  for (const auto& [queue, shelf] : shelves_) {
    if (queue.topic != topic) continue;
    const std::int64_t at =
        shelf->messages.count() > 0 ? shelf->messages.committable() : shelf->next;
    if (at >= 0) table.push_back({{queue.topic, queue.broker, queue.id}, at});
  }
  Buffer body;
  wire::json::Writer out(body);
  write_offset_table(out, "messageQueueTable", table);
  return text_of(body);
}

RunningInfo Member::running_info() const {
  RunningInfo info;
  info.properties = {{"PROP_CLIENT_VERSION", "Sluice"},
                     {"PROP_CONSUMEORDERLY", settings_.orderly ? "true" : "false"},
                     {"PROP_CONSUMER_START_TIMESTAMP", std::to_string(wall_ms(began_))},
                     {"PROP_NAMESERVER_ADDR", core_->options().name_servers},
                     {"PROP_THREADPOOL_CORE_SIZE", std::to_string(threads())}};
  tell(info, introduction());
  for (const auto& [queue, shelf] : shelves_) {
    const ProcessQueue& messages = shelf->messages;
    info.queues.push_back(
        {.queue = {queue.topic, queue.broker, queue.id},
         .commit_offset = shelf->committed,
         .first_cached = messages.count() > 0 ? messages.committable() : 0,
         .last_cached = messages.count() > 0 ? messages.committable() + messages.span() : 0,
         .cached = static_cast<std::int64_t>(messages.count()),
         .cached_mib = static_cast<std::int64_t>(messages.bytes() >> 20),
         .locked = shelf->has_lock,
         .dropped = shelf->dropped,
         .locked_ms = wall_ms(shelf->locked),
         .pulled_ms = wall_ms(shelf->read_last),
         .consumed_ms = wall_ms(shelf->consumed_last)});
  }
  return info;
}

}  // namespace sluice::client
