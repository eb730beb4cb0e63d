#pragma once

#include <span>

#include "doors/remoting/handler_table.h"
#include "doors/remoting/names/door.h"
#include "doors/remoting/reply.h"
#include "net/connection.h"
#include "wire/json/writer.h"

namespace sluice::doors {

/// One connection of the name server. Thread: its reactor.
class NameSession final : public net::Session {
 public:
  NameSession(NameDoor& door, net::Connection& connection);

  Result<std::size_t> frame_size(Bytes bytes) override;
  void on_frames(std::span<const MutableBytes> frames) override;
  void on_closed() override;

  NameDoor& door() { return door_; }
  net::Connection& connection() { return connection_; }
  naming::ConnectionId id() const { return id_; }

 private:
  void handle(const wire::remoting::Command& command);

  NameDoor& door_;
  net::Connection& connection_;  // owns this session
  const naming::ConnectionId id_;
};

/// One request to the name server and the way to its answer.
struct NameCall {
  const wire::remoting::Command& command;
  NameSession& session;
  SteadyTime now;

  naming::NameServer& names() const { return session.door().names(); }
  /// The address at which the asking connection reached this process.
  std::string local_host() const { return session.connection().local().host(); }

  template <class Response = NoResponse>
  Result<void> ok(const Response& fields = {}, Bytes body = {}) {
    write_reply(session.connection().out(), ReplyTo::of(command), wire::remoting::kSuccess, {},
                fields, body);
    return {};
  }
  Result<void> ok_body(Bytes body) { return ok(NoResponse{}, body); }
};

using NameRow = HandlerRow<NameCall>;

template <class Request, Result<void> (*kHandle)(NameCall&, const Request&)>
constexpr NameRow name_row() {
  return handler_row<NameCall, Request, kHandle>();
}

std::span<const NameRow> registration_rows();
std::span<const NameRow> route_rows();
std::span<const NameRow> kv_rows();

/// Every request the name server answers.
const HandlerTable<NameCall>& name_handlers();

}  // namespace sluice::doors
