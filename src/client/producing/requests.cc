#include "client/producing/requests.h"

#include <fmt/format.h>

#include "wire/compression.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"
#include "wire/remoting/requests/send.h"

namespace sluice::client {

using namespace wire::remoting;
namespace record = wire::record;
namespace property = record::property;

namespace {

constexpr std::size_t kReplyBytesMax = 128 << 20;  // what a body may grow to

/// What the views of a reply point into.
struct Owner {
  std::string topic, properties;
  Buffer body;
};

std::chrono::system_clock::time_point at(std::int64_t ms) {
  return std::chrono::system_clock::time_point(milliseconds(ms));
}

ReceivedMessage message_of(const PushReply& reply, Bytes body) {
  const auto owner =
      std::make_shared<Owner>(std::string(reply.topic), std::string(reply.properties));
  ReceivedMessage out;
  out.topic = owner->topic;
  out.properties = owner->properties;
  out.queue_id = reply.queue_id;
  out.born = at(reply.born_ms);
  out.stored = at(reply.store_ms);
  out.sys_flag = reply.sys_flag;
  const bool packed = (reply.sys_flag & record::kCompressed) != 0;
  auto plain = packed ? wire::decompress(reply.sys_flag, body, kReplyBytesMax) : Buffer();
  if (packed && plain) {
    owner->body = std::move(*plain);
  } else {
    owner->body.append(body);
    out.still_packed = packed;
  }
  out.body = as_text(owner->body.bytes());
  out.owner = owner;
  return out;
}

}  // namespace

Task<Result<ReceivedMessage>> Requests::ask(Message message, milliseconds timeout) {
  const SteadyTime deadline = Core::now() + timeout;
  const std::string id = core_.next_message_id();
  message.properties.emplace_back(property::kCorrelationId, id);
  message.properties.emplace_back(property::kReplyToClient, core_.client_id());
  message.properties.emplace_back(property::kTimeToLive, std::to_string(timeout.count()));
  // The reply comes through any broker of the reply topic, which must know this client by then.
  const std::string topic = core_.names().wrap(message.topic);
  const bool new_topic = !core_.routes().known(topic);
  if (new_topic) static_cast<void>(co_await core_.routes().get(topic));
  if (new_topic || !known_) co_await core_.heartbeat();
  known_ = true;
  if (closed_) co_return fail(Errc::closed, "this client was closed");
  const auto waiting = std::make_shared<Waiting>(core_.reactor());
  waiting_[id] = waiting;
  send_(std::move(message), deadline - Core::now(), [this, id](Result<Stored> stored) {
    if (!stored) end(id, fail(std::move(stored.error())));
  });
  if (!waiting->over) co_await waiting->alarm.wait(deadline - Core::now());
  waiting_.erase(id);
  co_return std::move(waiting->outcome);
}

void Requests::end(const std::string& id, Result<ReceivedMessage> outcome) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end() || std::exchange(found->second->over, true)) return;
  found->second->outcome = std::move(outcome);
  found->second->alarm.ring();
}

bool Requests::serve(const Answer& request, const Remoting::Respond& respond) {
  const auto reply = decode_request<PushReply>(request.command);
  if (!reply) return false;
  const std::string id(record::find_property(reply->properties, property::kCorrelationId));
  if (!waiting_.contains(id)) return false;
  end(id, message_of(*reply, request.command.body));
  if (respond) respond({});
  return true;
}

void Requests::close() {
  closed_ = true;
  for (const auto& [id, waiting] : std::map(waiting_)) {
    end(id, fail(Errc::closed, "this client was closed"));
  }
}

}  // namespace sluice::client

namespace sluice {

namespace property = wire::record::property;

Outcome<Message> reply_to(const ReceivedMessage& request, std::string body) {
  const std::string_view cluster = request.property(property::kCluster);
  const std::string_view id = request.property(property::kCorrelationId);
  if (cluster.empty() || id.empty()) {
    return Failure{Errc::message_illegal,
                   fmt::format("nobody waits for a reply to message {}: it has no property {}",
                               request.id(), id.empty() ? "CORRELATION_ID" : "CLUSTER")};
  }
  Message reply{.topic = fmt::format("{}_REPLY_TOPIC", cluster), .body = std::move(body)};
  reply.properties.emplace_back(property::kMessageType, "reply");
  for (const auto name :
       {property::kCorrelationId, property::kReplyToClient, property::kTimeToLive}) {
    reply.properties.emplace_back(name, request.property(name));
  }
  return reply;
}

}  // namespace sluice
