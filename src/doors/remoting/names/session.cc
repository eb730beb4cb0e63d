#include "doors/remoting/names/session.h"

#include "base/log.h"

namespace sluice::doors {

using namespace wire::remoting;

NameDoor::NameDoor(naming::NameServer& names, const Clock& clock, NameDoorOptions options)
    : names_(names), clock_(clock), options_(std::move(options)) {}

Result<std::unique_ptr<NameDoor>> NameDoor::open(naming::NameServer& names, const Clock& clock,
                                                 net::ReactorPool& reactors,
                                                 NameDoorOptions options) {
  std::unique_ptr<NameDoor> door(new NameDoor(names, clock, std::move(options)));
  SLUICE_TRY(door->listener_,
             net::Listener::open(reactors, door->options_.listen,
                                 [d = door.get()](const std::shared_ptr<net::Connection>& c) {
                                   return std::make_unique<NameSession>(*d, *c);
                                 }));
  return door;
}

NameDoor::~NameDoor() { close(); }

void NameDoor::close() {
  if (listener_) listener_->close();
  listener_.reset();
}

NameSession::NameSession(NameDoor& door, net::Connection& connection)
    : door_(door), connection_(connection), id_(door.next_connection()) {}

Result<std::size_t> NameSession::frame_size(Bytes bytes) {
  return wire::remoting::frame_size(bytes);
}

void NameSession::on_frames(std::span<const MutableBytes> frames) {
  Command command;
  for (const MutableBytes frame : frames) {
    if (auto decoded = decode(frame, command); !decoded) {
      log::warn("connection_refused",
                {{"peer", connection_.peer().text()}, {"why", decoded.error().remark()}});
      return connection_.close();
    }
    handle(command);
  }
}

void NameSession::handle(const Command& command) {
  if (command.is_response()) return;
  const NameRow* const row = name_handlers().find(command.code);
  if (!row) return write_unknown_code(connection_.out(), ReplyTo::of(command), command.code);
  NameCall call{command, *this, door_.clock().steady()};
  if (auto done = row->handle(call); !done) {
    write_error(connection_.out(), ReplyTo::of(command), done.error());
  }
}

void NameSession::on_closed() { door_.names().routes().connection_closed(id_); }

const HandlerTable<NameCall>& name_handlers() {
  static const HandlerTable<NameCall> table{registration_rows(), route_rows(), kv_rows()};
  return table;
}

}  // namespace sluice::doors
