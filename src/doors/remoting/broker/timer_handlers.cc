#include <algorithm>

#include <fmt/format.h>

#include "broker/timers.h"
#include "doors/remoting/broker/call.h"
#include "wire/remoting/requests/send.h"
#include "wire/remoting/requests/timers.h"

/// Timed messages that wait: taken back, and listed.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

using broker::Timers;

constexpr std::int32_t kListMax = 1'000;

std::string_view refusal(Timers::Recalled what) {
  switch (what) {
    case Timers::Recalled::now: return {};
    case Timers::Recalled::before: return "the message was recalled before: it is not delivered";
    case Timers::Recalled::delivered:
      return "the message is delivered: it is too late to recall it";
    case Timers::Recalled::busy:
      return "the message is being delivered, or recalled by another request, in this moment";
    case Timers::Recalled::unknown: break;
  }
  return "this broker has no timed message of that handle: it never had, or it was delivered so "
         "long ago that the log has dropped it";
}

Result<void> check_handle(const BrokerCall& call, const RecallMessage& request,
                          const broker::RecallHandle& handle) {
  if (handle.topic != request.topic) {
    return fail(Errc::invalid_argument,
                fmt::format("the recall handle is of topic {}, the request of topic {}",
                            handle.topic, request.topic));
  }
  if (handle.broker != call.broker().options().name) {
    return fail(Errc::invalid_argument,
                fmt::format("the recall handle is of broker {}, this is {}: ask that one",
                            handle.broker, call.broker().options().name));
  }
  return {};
}

Result<void> recall_message(BrokerCall& call, const RecallMessage& request) {
  broker::Broker& broker = call.broker();
  if (!broker.timers().options().recall) {
    return fail(Errc::not_permitted, "recallMessageEnable=false forbids it");
  }
  if (!broker.topics().find(request.topic)) {
    return fail(Errc::topic_not_found, fmt::format("topic {} does not exist", request.topic));
  }
  // Apache's code for a handle that cannot be used, whatever the reason.
  const auto handle = broker::parse_recall_handle(request.handle);
  if (!handle) return call.answer(kIllegalOperation, handle.error().remark());
  const auto fits = check_handle(call, request, *handle);
  if (!fits) return call.answer(kIllegalOperation, fits.error().remark());
  SLUICE_TRY(const Timers::Recall done, broker.timers().recall(*handle, call.wall));
  if (done.what != Timers::Recalled::now) {
    return call.answer(kIllegalOperation, refusal(done.what));
  }
  if (broker.store().confirmed() >= done.until) {
    return call.ok(RecallMessageResponse{.message_id = handle->unique_key});
  }
  call.session.context().answer_later(
      {.until = done.until,
       .deadline = call.steady + call.door().options().flush_timeout,
       .connection = call.session.connection().weak_from_this(),
       .reply_to = call.reply_to(),
       .message_id = handle->unique_key,
       .unique_key = handle->unique_key});
  return {};
}

/// {"broker", "waiting": all, "messages": [{"topic", "queue", "id", "due", "stored" (ms), "bytes":
/// of the body, "handle"}], "next": {"from", "fromPosition"} if there is more}
Result<void> list_timed(BrokerCall& call, const ListTimedMessages& request) {
  const auto max = static_cast<std::size_t>(std::clamp(request.max, 1, kListMax));
  const Timers& timers = call.broker().timers();
  SLUICE_TRY(const Timers::Page page,
             timers.list({request.from_ms, request.from_position}, request.topic, max));
  const std::string& name = call.broker().options().name;
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object().member("broker", name).member("waiting", timers.waiting());
    out.key("messages").begin_array();
    for (const Timers::Waiting& one : page.messages) {
      out.begin_object()
          .member("topic", one.topic)
          .member("queue", one.queue.value)
          .member("id", one.unique_key)
          .member("due", one.key.due_ms)
          .member("stored", one.stored_ms)
          .member("bytes", one.body_bytes)
          .member("handle", broker::to_text({.topic = one.topic,
                                             .broker = name,
                                             .due_ms = one.key.due_ms,
                                             .unique_key = one.unique_key,
                                             .position = LogPosition(one.key.position)}))
          .end();
    }
    out.end();
    if (page.next) {
      out.key("next")
          .begin_object()
          .member("from", page.next->due_ms)
          .member("fromPosition", page.next->position)
          .end();
    }
    out.end();
  });
}

constexpr BrokerRow kRows[] = {
    broker_row<RecallMessage, recall_message>(),
    broker_row<ListTimedMessages, list_timed>(),
};

}  // namespace

std::span<const BrokerRow> timer_rows() { return kRows; }

}  // namespace sluice::doors
