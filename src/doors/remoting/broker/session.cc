#include "doors/remoting/broker/session.h"

#include <array>

#include "base/log.h"
#include "doors/remoting/broker/call.h"
#include "doors/remoting/broker/connection_link.h"
#include "wire/remoting/requests/send.h"

namespace sluice::doors {

using namespace wire::remoting;

BrokerSession::BrokerSession(ReactorContext& context,
                             const std::shared_ptr<net::Connection>& connection)
    : context_(context),
      connection_(*connection),
      link_(std::make_shared<ConnectionLink>(connection)) {}

BrokerSession::~BrokerSession() = default;

Result<std::size_t> BrokerSession::frame_size(Bytes bytes) {
  auto size = wire::remoting::frame_size(bytes);
  if (!size) {
    log::warn("connection_refused",
              {{"peer", connection_.peer().text()}, {"why", size.error().remark()}});
  }
  return size;
}

void BrokerSession::on_frames(std::span<const MutableBytes> frames) {
  for (const MutableBytes frame : frames) {
    if (auto decoded = decode(frame, context_.command); !decoded) {
      log::warn("connection_refused",
                {{"peer", connection_.peer().text()}, {"why", decoded.error().remark()}});
      append_sends();
      return connection_.close();
    }
    handle();
  }
  append_sends();
}

void BrokerSession::on_closed() {
  context_.broker().disconnected(link_.get());
  for (const auto& pull : parked_) context_.forget(*pull);
  parked_.clear();
}

void BrokerSession::handle() {
  const Command& command = context_.command;
  if (command.is_response()) return;
  const bool send = command.code == SendMessage::kCode || command.code == SendMessageV2::kCode ||
                    command.code == SendBatchMessage::kCode;
  if (send) return take_send();
  append_sends();  // what comes later on a connection sees what came before
  const BrokerRow* const row = broker_handlers().find(command.code);
  if (!row) return write_unknown_code(out(), ReplyTo::of(command), command.code);
  const Clock& clock = context_.door().clock();
  BrokerCall call{command, *this, clock.wall(), clock.steady()};
  if (auto done = row->handle(call); !done) {
    log::debug("request_refused", {{"peer", connection_.peer().text()},
                                   {"request", row->name},
                                   {"why", done.error().remark()}});
    write_error(out(), ReplyTo::of(command), done.error());
  }
}

Result<void> BrokerSession::park(broker::PullPlan plan, QueueOffset asked, milliseconds hold,
                                 ReplyTo to) {
  if (parked_.size() >= kParkedMax) {
    return fail(Errc::busy, "too many pulls wait on this connection (16384)");
  }
  auto pull = std::make_unique<ParkedPull>();
  pull->session = this;
  pull->reply_to = to;
  pull->plan = std::move(plan);
  pull->asked = asked;
  pull->deadline = context_.door().clock().steady() + hold;
  pull->index = parked_.size();
  ParkedPull& parked = *pull;
  parked_.push_back(std::move(pull));
  if (!context_.park(parked)) resume(parked, false);
  return {};
}

void BrokerSession::resume(ParkedPull& pull, bool expired) {
  broker::PullResult& result = context_.pulled;
  const auto read = context_.broker().read(pull.plan, result);
  const bool nothing = read && result.status == broker::PullStatus::not_found;
  if (nothing && !expired) {
    pull.plan.offset = result.next;
    if (context_.park(pull)) return;
    return resume(pull, false);
  }
  if (!read) {
    write_error(out(), pull.reply_to, read.error());
  } else {
    // A subscription that wanted none of what came: the client goes on behind it.
    const bool skipped = nothing && result.next != pull.asked;
    if (skipped) result.status = broker::PullStatus::retry;
    write_pull_reply(out(), pull.reply_to, result, pull_code(result.status));
  }
  drop(pull);
  connection_.flush();
}

void BrokerSession::drop(ParkedPull& pull) {
  const std::size_t index = pull.index;
  if (index + 1 != parked_.size()) {
    std::swap(parked_[index], parked_.back());
    parked_[index]->index = index;
  }
  parked_.pop_back();
}

}  // namespace sluice::doors
