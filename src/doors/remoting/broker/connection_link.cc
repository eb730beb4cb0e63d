#include "doors/remoting/broker/connection_link.h"

#include <string>

#include "net/reactor.h"
#include "wire/remoting/requests/groups.h"

namespace sluice::doors {

constexpr std::int32_t kCheckTransactionState = 39;

using wire::remoting::FrameWriter;
using wire::remoting::NotifyConsumersChanged;

ConnectionLink::ConnectionLink(const std::shared_ptr<net::Connection>& connection)
    : connection_(connection), calls_(std::make_shared<ClientCalls>(connection)) {}

void ConnectionLink::members_changed(std::string_view group) {
  const auto connection = connection_.lock();
  if (!connection) return;
  connection->reactor().post([weak = connection_, name = std::string(group)] {
    const auto open = weak.lock();
    if (!open || !open->is_open()) return;
    FrameWriter frame(open->out().text(),
                      {.code = NotifyConsumersChanged::kCode, .flag = wire::remoting::kFlagOneway});
    NotifyConsumersChanged notice;
    notice.group = name;
    NotifyConsumersChanged::Wire::encode(notice, frame);
    frame.finish();
    open->flush();
  });
}

void ConnectionLink::check_transaction(const delivery::TransactionCheck& check) {
  // Fields as in apache/rocketmq CheckTransactionStateRequestHeader.java.
  calls_->tell({.code = kCheckTransactionState,
                .fields = {{"tranStateTableOffset", std::to_string(check.half.value)},
                           {"commitLogOffset", std::to_string(check.position.value)},
                           {"msgId", std::string(check.unique_key)},
                           {"transactionId", std::string(check.unique_key)},
                           {"offsetMsgId", std::string(check.offset_id)}},
                .body = std::string(as_text(check.record))});
}

}  // namespace sluice::doors
