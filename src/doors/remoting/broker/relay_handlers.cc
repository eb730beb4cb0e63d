#include <fmt/format.h>

#include "doors/remoting/broker/call.h"
#include "doors/remoting/broker/connection_link.h"
#include "doors/remoting/broker/reset_notices.h"
#include "wire/json/reader.h"
#include "wire/record/message_id.h"
#include "wire/remoting/bodies/common.h"
#include "wire/remoting/requests/relays.h"

/// What administrators ask of running clients: the broker passes it on and gives back what comes.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr milliseconds kRelayTimeout{10'000};
constexpr milliseconds kStatusTimeout{5'000};

/// The way back to the administrator, from any thread.
class LateReply {
 public:
  explicit LateReply(BrokerCall& call)
      : connection_(call.session.connection().weak_from_this()), to_(call.reply_to()) {}

  void send(std::int32_t code, std::string remark, std::string body) const {
    const auto connection = connection_.lock();
    if (!connection) return;
    connection->reactor().post(
        [weak = connection_, to = to_, code, remark = std::move(remark), body = std::move(body)] {
          const auto open = weak.lock();
          if (!open || !open->is_open()) return;
          write_reply(open->out(), to, code, remark, NoResponse{}, as_bytes(body));
          open->flush();
        });
  }

 private:
  std::weak_ptr<net::Connection> connection_;
  ReplyTo to_;
};

/// Null: the client is not a member, or its connection takes no requests.
std::shared_ptr<ClientCalls> calls_of(const std::shared_ptr<delivery::Link>& link) {
  const auto connection = std::dynamic_pointer_cast<ConnectionLink>(link);
  return connection ? connection->calls() : nullptr;
}

Result<void> relay(BrokerCall& call, std::string_view group, std::string_view client_id,
                   std::string body) {
  const auto calls = calls_of(call.broker().consumers().link_of(group, client_id));
  if (!calls) {
    return call.answer(kSystemError, fmt::format("client {} is not an online member of group {}",
                                                 client_id, group));
  }
  ClientRequest request{.code = call.command.code, .fields = {}, .body = std::move(body)};
  for (const ExtField& field : call.command.ext)
    request.fields.emplace_back(field.name, field.value);
  calls->start(std::move(request), kRelayTimeout,
               [reply = LateReply(call), client = std::string(client_id)](auto answer) {
                 if (answer) return reply.send(answer->code, answer->remark, answer->body);
                 const bool late = answer.error().code() == Errc::timed_out;
                 reply.send(late ? kConsumeMessageTimeout : kSystemError,
                            fmt::format("{}: {}", client, answer.error().remark()), {});
               });
  return {};
}

Result<void> running_info(BrokerCall& call, const GetRunningInfo& request) {
  return relay(call, request.group, request.client_id, {});
}

Result<void> consume_directly(BrokerCall& call, const ConsumeDirectly& request) {
  const auto id = wire::record::parse_message_id(request.message_id);
  if (!id) {
    return fail(
        Errc::invalid_argument,
        fmt::format("msgId {}: the id that the broker gave is needed, 32 hexadecimal digits "
                    "with address and place",
                    request.message_id));
  }
  SLUICE_TRY(const store::Slice record, call.broker().store().read_record(id->position));
  return relay(call, request.group, request.client_id, std::string(as_text(record.bytes)));
}

/// Collects what the members of a group answer; the last one makes the reply.
class Gathered {
 public:
  Gathered(BrokerCall& call, std::size_t members) : reply_(call), waiting_(members) {}

  void add(const std::string& client_id, Result<ClientAnswer> answer) {
    const std::lock_guard lock(mutex_);
    if (answer && answer->code == kSuccess) by_client_[client_id] = std::move(answer->body);
    if (--waiting_ > 0) return;
    if (by_client_.empty()) return reply_.send(kSystemError, "no member of the group answered", {});
    Buffer body;
    write(body);
    reply_.send(kSuccess, {}, std::string(as_text(body.bytes())));
  }

 private:
  /// Java's form: queues as keys, so the text is made anew.
  void write(Buffer& to) const {
    wire::json::Writer out(to);
    out.begin_object().key("consumerTable").begin_object();
    for (const auto& [client_id, body] : by_client_) {
      out.key(client_id).begin_object();
      const auto value = wire::json::parse(body);
      if (value) {
        for (const auto& [key, offset] : wire::json::object(*value, "messageQueueTable").items()) {
          const auto queue = wire::json::parse(key);
          if (!queue || !offset.is_number_integer()) continue;
          const MessageQueue name = read_message_queue(*queue);
          wire::remoting::write(out, name.topic, name.broker_name, name.queue_id);
          out.colon().value(offset.get<std::int64_t>());
        }
      }
      out.end();
    }
    out.end().key("messageQueueTable").begin_object().end().end();
  }

  const LateReply reply_;
  std::mutex mutex_;
  std::size_t waiting_;
  std::map<std::string, std::string> by_client_;
};

Result<void> consumer_status(BrokerCall& call, const GetConsumerStatus& request) {
  std::map<std::string, std::shared_ptr<ClientCalls>> asked;
  for (const delivery::Member& member : call.broker().consumers().members(request.group)) {
    if (!request.client_id.empty() && member.client_id != request.client_id) continue;
    if (auto calls = calls_of(member.link.lock())) asked[member.client_id] = std::move(calls);
  }
  if (asked.empty()) {
    return call.answer(kSystemError,
                       fmt::format("group {} has no online member to ask", request.group));
  }
  const auto gathered = std::make_shared<Gathered>(call, asked.size());
  for (const auto& [client_id, calls] : asked) {
    calls->start(
        {.code = kGetConsumerStatusFromClient,
         .fields = {{"topic", std::string(request.topic)}, {"group", std::string(request.group)}},
         .body = {}},
        kStatusTimeout, [gathered, id = client_id](Result<ClientAnswer> answer) {
          gathered->add(id, std::move(answer));
        });
  }
  return {};
}

/// Copies the progress of a group, of one topic or of all its topics but its retry topic.
Result<void> clone_offsets(BrokerCall& call, const CloneGroupOffset& request) {
  std::vector<std::string> topics{std::string(request.topic)};
  if (request.topic.empty()) topics = call.broker().progress().topics(request.from);
  for (const std::string& topic : topics) {
    if (topic.starts_with(broker::kRetryPrefix)) continue;
    if (!call.broker().topics().find(topic)) continue;
    ResetOffsets offsets;
    for (const auto& [queue, offset] : call.broker().progress().offsets(request.from, topic)) {
      offsets.emplace_back(queue, offset);
      SLUICE_CHECK(call.broker().reset_offset(request.to, topic, QueueId(queue),
                                              QueueOffset(offset), call.wall));
    }
    tell_of_reset(call.door(), request.to, topic, offsets);
  }
  return call.ok();
}

constexpr BrokerRow kRows[] = {
    broker_row<GetRunningInfo, running_info>(),
    broker_row<ConsumeDirectly, consume_directly>(),
    broker_row<GetConsumerStatus, consumer_status>(),
    broker_row<CloneGroupOffset, clone_offsets>(),
};

}  // namespace

std::span<const BrokerRow> relay_rows() { return kRows; }

}  // namespace sluice::doors
