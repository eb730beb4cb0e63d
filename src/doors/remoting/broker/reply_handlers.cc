#include <fmt/format.h>

#include "doors/remoting/broker/call.h"
#include "doors/remoting/broker/connection_link.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/remoting/requests/send.h"

/// Replies to requests: a consumer's answer goes to the connection of the producer that asked, and
/// into the reply topic. Source: apache/rocketmq broker/processor/ReplyMessageProcessor.java.
namespace sluice::doors {

using namespace wire::remoting;
namespace property = wire::record::property;

namespace {

constexpr std::int32_t kPushReply = 326;
constexpr milliseconds kPushTimeout{10'000};

/// Fields as in ReplyMessageRequestHeader.java.
ClientRequest push_of(const BrokerCall& call, const SendMessage& reply) {
  std::string properties(reply.properties);
  const std::string now = std::to_string(unix_ms(call.wall));
  wire::record::set_property(properties, property::kPushReplyTime, now);
  return {.code = kPushReply,
          .fields = {{"producerGroup", std::string(reply.producer_group)},
                     {"topic", std::string(reply.topic)},
                     {"defaultTopic", std::string(reply.default_topic)},
                     {"defaultTopicQueueNums", std::to_string(reply.default_topic_queues)},
                     {"queueId", std::to_string(reply.queue_id)},
                     {"sysFlag", std::to_string(reply.sys_flag)},
                     {"bornTimestamp", std::to_string(reply.born_ms)},
                     {"flag", std::to_string(reply.flag)},
                     {"properties", std::move(properties)},
                     {"reconsumeTimes", std::to_string(reply.reconsume_times)},
                     {"unitMode", reply.unit_mode ? "true" : "false"},
                     {"bornHost", call.session.connection().peer().text()},
                     {"storeHost", call.door().options().advertised},
                     {"storeTimestamp", now}},
          .body = std::string(as_text(call.command.body))};
}

/// Stores the reply, and fills in what its sender is told of it.
Result<void> store_reply(BrokerCall& call, const SendMessage& reply, LateAnswer& answer) {
  ReactorContext& context = call.session.context();
  broker::SendBatch& batch = context.batch_for_one();
  auto stored = [&]() -> Result<void> {
    SLUICE_CHECK(
        batch.add(send_query(reply, call.command, call.session.connection().peer()), call.wall));
    SLUICE_TRY(const LogPosition until, batch.append());
    context.announce_when(until, batch.queues());
    const store::Pending& message = batch.at(0);
    answer.message_id =
        wire::record::message_id(call.door().options().store_host, message.position);
    answer.unique_key =
        wire::record::find_property(message.message.properties, property::kUniqueKey);
    answer.queue_id = message.message.queue.value;
    answer.queue_offset = message.offset.value;
    return {};
  }();
  batch.clear();
  return stored;
}

void answer_from_anywhere(LateAnswer answer, const broker::BrokerOptions& options,
                          std::int32_t code, std::string remark) {
  const auto connection = answer.connection.lock();
  if (!connection) return;
  connection->reactor().post(
      [answer = std::move(answer), &options, code, remark = std::move(remark)] {
        const auto open = answer.connection.lock();
        if (!open || !open->is_open()) return;
        write_send_reply(*open, answer, options, code, remark);
        open->flush();
      });
}

/// The sender is told what became of it at the client that asked.
template <class Request>
Result<void> reply(BrokerCall& call, const Request& request) {
  LateAnswer answer{.until = {},
                    .deadline = {},
                    .connection = call.session.connection().weak_from_this(),
                    .reply_to = call.reply_to(),
                    .message_id = {},
                    .unique_key = {}};
  SLUICE_CHECK(store_reply(call, request, answer));
  const std::string client(
      wire::record::find_property(request.properties, property::kReplyToClient));
  const auto link =
      std::dynamic_pointer_cast<ConnectionLink>(call.broker().producers().link_of(client));
  const broker::BrokerOptions& options = call.broker().options();
  if (!link) {
    answer_from_anywhere(
        std::move(answer), options, kSystemError,
        fmt::format("the client [{}] that asked (REPLY_TO_CLIENT) is not connected "
                    "as a producer: the reply is only stored",
                    client));
    return {};
  }
  link->calls()->start(
      push_of(call, request), kPushTimeout,
      [answer = std::move(answer), &options, client](Result<ClientAnswer> pushed) mutable {
        const bool taken = pushed && pushed->code == kSuccess;
        std::string why;
        if (!taken) {
          why = fmt::format("the client {} did not take the reply: {}", client,
                            pushed ? pushed->remark : std::string(pushed.error().remark()));
        }
        answer_from_anywhere(std::move(answer), options, taken ? kSuccess : kSystemError,
                             std::move(why));
      });
  return {};
}

constexpr BrokerRow kRows[] = {broker_row<SendReply, reply<SendReply>>(),
                               broker_row<SendReplyV2, reply<SendReplyV2>>()};

}  // namespace

std::span<const BrokerRow> reply_rows() { return kRows; }

}  // namespace sluice::doors
