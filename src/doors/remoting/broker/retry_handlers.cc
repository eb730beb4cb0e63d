#include "broker/retrying.h"
#include "doors/remoting/broker/call.h"
#include "wire/remoting/requests/send.h"

/// Messages that consumers give back.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

Result<void> send_back(BrokerCall& call, const ConsumerSendBack& request) {
  ReactorContext& context = call.session.context();
  broker::SendBatch& batch = context.batch_for_one();
  auto until = broker::give_back(call.broker(), batch,
                                 {.group = request.group,
                                  .position = LogPosition(request.position),
                                  .delay_level = request.delay_level,
                                  .max_reconsume_times = request.max_reconsume_times},
                                 call.wall);
  if (until && *until) context.announce_when(**until, batch.queues());
  batch.clear();
  if (!until) {
    // Apache's code for a record that is gone.
    if (until.error().code() != Errc::not_found) return fail(std::move(until.error()));
    return call.answer(kSystemError, until.error().remark());
  }
  if (!*until || call.broker().store().confirmed() >= **until) return call.ok();
  if (call.command.is_oneway()) return {};
  context.answer_later({.until = **until,
                        .deadline = call.steady + call.door().options().flush_timeout,
                        .connection = call.session.connection().weak_from_this(),
                        .reply_to = call.reply_to(),
                        .message_id = {},
                        .unique_key = {}});
  return {};
}

constexpr BrokerRow kRows[] = {broker_row<ConsumerSendBack, send_back>()};

}  // namespace

std::span<const BrokerRow> retry_rows() { return kRows; }

}  // namespace sluice::doors
