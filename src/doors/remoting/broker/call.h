#pragma once

#include <span>

#include "doors/remoting/broker/session.h"
#include "doors/remoting/handler_table.h"
#include "wire/json/writer.h"

namespace sluice::doors {

/// One request to the broker and the way to its answer.
struct BrokerCall {
  const wire::remoting::Command& command;
  BrokerSession& session;
  WallTime wall;
  SteadyTime steady;

  broker::Broker& broker() const { return session.context().broker(); }
  BrokerDoor& door() const { return session.context().door(); }
  ReplyTo reply_to() const { return ReplyTo::of(command); }

  template <class Response = NoResponse>
  Result<void> ok(const Response& fields = {}, Bytes body = {}) {
    write_reply(session.out(), reply_to(), wire::remoting::kSuccess, {}, fields, body);
    return {};
  }
  Result<void> ok_body(Bytes body) { return ok(NoResponse{}, body); }
  /// The answer's body, as `write` writes it.
  template <class Write>
  Result<void> ok_json(Write write) {
    Buffer& body = session.context().body;
    body.clear();
    wire::json::Writer out(body);
    write(out);
    return ok_body(body.bytes());
  }
  Result<void> answer(std::int32_t code, std::string_view remark) {
    write_reply(session.out(), reply_to(), code, remark, NoResponse{});
    return {};
  }
};

using BrokerRow = HandlerRow<BrokerCall>;

template <class Request, Result<void> (*kHandle)(BrokerCall&, const Request&)>
constexpr BrokerRow broker_row() {
  return handler_row<BrokerCall, Request, kHandle>();
}

/// The rows, by subject; each is one file.
std::span<const BrokerRow> pull_rows();
std::span<const BrokerRow> pop_rows();
std::span<const BrokerRow> retry_rows();
std::span<const BrokerRow> transaction_rows();
std::span<const BrokerRow> reply_rows();
std::span<const BrokerRow> offset_rows();
std::span<const BrokerRow> finding_rows();
std::span<const BrokerRow> life_rows();
std::span<const BrokerRow> timer_rows();
std::span<const BrokerRow> member_rows();
std::span<const BrokerRow> lock_rows();
std::span<const BrokerRow> topic_rows();
std::span<const BrokerRow> group_rows();
std::span<const BrokerRow> stats_rows();
std::span<const BrokerRow> broker_info_rows();
std::span<const BrokerRow> assignment_rows();
std::span<const BrokerRow> relay_rows();

/// Every request the broker answers, but for sends, which are batched (session.cc).
const HandlerTable<BrokerCall>& broker_handlers();

}  // namespace sluice::doors
