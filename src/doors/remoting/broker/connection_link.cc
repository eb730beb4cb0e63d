#include "doors/remoting/broker/connection_link.h"

#include <string>

#include "net/reactor.h"
#include "wire/remoting/requests/groups.h"

namespace sluice::doors {

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

}  // namespace sluice::doors
