#include <fmt/format.h>

#include "doors/remoting/broker/call.h"
#include "wire/record/message_id.h"
#include "wire/record/properties.h"
#include "wire/remoting/requests/send.h"

/// Sends: taken up frame by frame, and answered together; sends_of_wake.cc appends them.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr std::size_t kBatchBytesMax = 4 << 20;  // of messages that wait for one append

wire::record::Host born_host(const net::Address& peer) {
  return {.address = peer.bytes, .v6 = peer.v6, .port = peer.port};
}

Result<void> read_batch(Bytes body, std::vector<broker::BatchItem>& items) {
  items.clear();
  for (BatchReader reader(body); !reader.done();) {
    SLUICE_TRY(const BatchMessage message, reader.next());
    items.push_back({.flag = message.flag, .properties = message.properties, .body = message.body});
  }
  if (items.empty()) return fail(Errc::message_illegal, "a batch without messages");
  return {};
}

/// The ids of a request's messages, joined by commas, as clients split them.
void write_ids(const broker::SendBatch& sends, broker::SendBatch::Ticket ticket,
               const wire::record::Host& host, std::string& ids) {
  ids.clear();
  for (const store::Pending& one : sends.messages(ticket)) {
    if (!ids.empty()) ids += ',';
    wire::record::append_message_id(ids, host, one.position);
  }
}

/// What a single timed message can be taken back with; empty: it is none.
std::string recall_handle(const broker::SendBatch& sends, broker::SendBatch::Ticket ticket,
                          const broker::BrokerOptions& options) {
  const store::Pending& message = sends.messages(ticket).front();
  if (ticket.count != 1 || message.message.topic != broker::kTimerTopic) return {};
  const std::string_view properties = message.message.properties;
  namespace property = wire::record::property;
  return broker::to_text(
      {.topic = std::string(wire::record::find_property(properties, property::kRealTopic)),
       .broker = options.name,
       .due_ms = message.tags_code,
       .unique_key = std::string(wire::record::find_property(properties, property::kUniqueKey)),
       .position = message.position});
}

SendMessageResponse response_of(const broker::SendBatch& sends, broker::SendBatch::Ticket ticket,
                                std::string_view ids, const broker::BrokerOptions& options) {
  const store::Pending& first = sends.messages(ticket).front();
  SendMessageResponse response{.message_id = ids,
                               .queue_id = ticket.queue.value,
                               .queue_offset = first.offset.value,
                               .region = options.region,
                               .trace_on = options.trace_on ? "true" : "false",
                               .batch_id = ticket.batch_id};
  if (ticket.count == 1) {
    response.transaction_id =
        wire::record::find_property(first.message.properties, wire::record::property::kUniqueKey);
  }
  return response;
}

}  // namespace

broker::SendQuery send_query(const SendMessage& request, const Command& command,
                             const net::Address& peer) {
  return {.topic = request.topic,
          .default_topic = request.default_topic,
          .default_topic_queues = request.default_topic_queues,
          .queue_id = request.queue_id,
          .sys_flag = request.sys_flag,
          .flag = request.flag,
          .born_ms = request.born_ms,
          .born_host = born_host(peer),
          .reconsume_times = request.reconsume_times,
          .max_reconsume_times = request.max_reconsume_times,
          .properties = request.properties,
          .body = command.body};
}

template <class Request>
Result<AskedSend> BrokerSession::decode_send() const {
  const Command& command = context_.command;
  SLUICE_TRY(const Request request, decode_request<Request>(command));
  return AskedSend{.query = send_query(request, command, connection_.peer()),
                   .batch = request.batch || command.code == SendBatchMessage::kCode,
                   .reply_to = ReplyTo::of(command)};
}

void BrokerSession::ask_send() {
  const bool long_names = context_.command.code == SendMessage::kCode;
  auto send = long_names ? decode_send<SendMessage>() : decode_send<SendMessageV2>();
  if (!send) return write_error(out(), ReplyTo::of(context_.command), send.error());
  auto& asked = context_.asked_sends;
  if (asked.empty() && !context_.sends_ahead.worth_it()) return take_send(*send);
  context_.sends_ahead.expect(send->query.topic, QueueId(send->query.queue_id));
  asked.push_back(*send);
  if (asked.size() - asked_taken_ == broker::SendsAhead::kSends) take_next();
}

void BrokerSession::take_next() {
  AskedSend& send = context_.asked_sends[asked_taken_++];
  send.query.known = context_.sends_ahead.take();
  take_send(send);
}

void BrokerSession::take_asked() {
  auto& asked = context_.asked_sends;
  if (asked.empty()) return;
  // The last few, or the only ones, are asked for at the same time.
  for (std::size_t left = asked.size() - asked_taken_; left < broker::SendsAhead::kSends; ++left) {
    context_.sends_ahead.go_on();
  }
  while (asked_taken_ < asked.size()) {
    context_.sends_ahead.go_on();
    take_next();
  }
  asked_taken_ = 0;
  asked.clear();
  context_.sends_ahead.clear();
}

void BrokerSession::take_send(const AskedSend& send) {
  const auto take = [&]() -> Result<broker::SendBatch::Ticket> {
    if (!send.batch) return context_.sends.add(send.query, context_.wall);
    SLUICE_CHECK(read_batch(send.query.body, context_.batch_items));
    return context_.sends.add(send.query, context_.batch_items, context_.wall);
  };
  const auto ticket = take();
  if (!ticket) return write_error(out(), send.reply_to, ticket.error());
  if (tickets_.empty()) context_.sends_from(*this);
  tickets_.push_back({*ticket, send.reply_to});
  if (context_.sends.bytes() > kBatchBytesMax) context_.append_sends();
}

void BrokerSession::answer_sends(const Result<LogPosition>& until, const SendTimes& times) {
  if (!until) {
    for (const SendTicket& t : tickets_) write_error(out(), t.reply_to, until.error());
  } else if (context_.broker().store().confirmed() >= *until) {
    for (const SendTicket& t : tickets_) answer_send(t);
    if (context_.slow.on()) note_append(times);
  } else {
    answer_sends_later(*until, times);
  }
  tickets_.clear();
  connection_.flush();
}

void BrokerSession::answer_send(const SendTicket& send) {
  if (send.reply_to.oneway) return;
  const broker::SendBatch& sends = context_.sends;
  write_ids(sends, send.ticket, context_.door().options().store_host, context_.text);
  const broker::BrokerOptions& options = context_.broker().options();
  const std::string handle = recall_handle(sends, send.ticket, options);
  SendMessageResponse response = response_of(sends, send.ticket, context_.text, options);
  response.recall_handle = handle;
  write_reply(out(), send.reply_to, kSuccess, {}, response);
}

void BrokerSession::answer_sends_later(LogPosition until, const SendTimes& times) {
  const broker::SendBatch& sends = context_.sends;
  const BrokerDoor& door = context_.door();
  const SteadyTime deadline = door.clock().steady() + door.options().flush_timeout;
  for (const SendTicket& send : tickets_) {
    const auto& [ticket, reply_to] = send;
    if (!ticket.wait) answer_send(send);
    if (!ticket.wait || reply_to.oneway) continue;
    LateAnswer& answer = context_.owe_answer();
    answer.until = until;
    answer.deadline = deadline;
    answer.connection = connection_.weak_from_this();
    answer.reply_to = reply_to;
    if (context_.slow.on()) {
      answer.session = this;
      answer.times = times;
      answer.topic = sends.messages(ticket).front().message.topic;
    }
    write_ids(sends, ticket, door.options().store_host, answer.message_id);
    const auto response =
        response_of(sends, ticket, answer.message_id, context_.broker().options());
    answer.unique_key = response.transaction_id;
    answer.batch_id = response.batch_id;
    answer.recall_handle = recall_handle(sends, ticket, context_.broker().options());
    answer.queue_id = response.queue_id;
    answer.queue_offset = response.queue_offset;
  }
  context_.answers_owed(until);
}

void write_send_reply(net::Connection& connection, const LateAnswer& answer,
                      const broker::BrokerOptions& options, std::int32_t code,
                      std::string_view remark) {
  write_reply(connection.out(), answer.reply_to, code, remark,
              SendMessageResponse{.message_id = answer.message_id,
                                  .queue_id = answer.queue_id,
                                  .queue_offset = answer.queue_offset,
                                  .transaction_id = answer.unique_key,
                                  .region = options.region,
                                  .trace_on = options.trace_on ? "true" : "false",
                                  .batch_id = answer.batch_id,
                                  .recall_handle = answer.recall_handle});
}

}  // namespace sluice::doors
