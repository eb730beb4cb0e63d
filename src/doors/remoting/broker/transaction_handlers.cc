#include "broker/transactions.h"
#include "doors/remoting/broker/call.h"
#include "wire/remoting/requests/send.h"

/// The second step of transactions.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

Result<void> end_transaction(BrokerCall& call, const EndTransaction& request) {
  using Decision = broker::Transactions::Decision;
  const bool commit = request.decision == EndTransaction::kCommit;
  // "Do not know yet" is not answered, as Apache's broker does not.
  if (!commit && request.decision != EndTransaction::kRollback) return {};
  auto ended =
      call.broker().transactions().end({.group = request.producer_group,
                                        .half = QueueOffset(request.half_offset),
                                        .position = LogPosition(request.position),
                                        .decision = commit ? Decision::commit : Decision::rollback,
                                        .from_check = request.from_check},
                                       call.wall);
  if (!ended) {
    // Apache's code for a half message that is not the producer's.
    if (ended.error().code() != Errc::not_found) return fail(std::move(ended.error()));
    return call.answer(kSystemError, ended.error().remark());
  }
  if (ended->late) {
    return call.answer(kIllegalOperation,
                       "the time in which the producer decides unasked is over: it will be asked");
  }
  ReactorContext& context = call.session.context();
  if (!ended->queues.empty()) context.announce_when(ended->until, ended->queues);
  if (call.broker().store().confirmed() >= ended->until) return call.ok();
  if (call.command.is_oneway()) return {};
  context.answer_later({.until = ended->until,
                        .deadline = call.steady + call.door().options().flush_timeout,
                        .connection = call.session.connection().weak_from_this(),
                        .reply_to = call.reply_to(),
                        .message_id = {},
                        .unique_key = {}});
  return {};
}

constexpr BrokerRow kRows[] = {broker_row<EndTransaction, end_transaction>()};

}  // namespace

std::span<const BrokerRow> transaction_rows() { return kRows; }

}  // namespace sluice::doors
