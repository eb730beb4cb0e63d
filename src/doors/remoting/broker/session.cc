#include "doors/remoting/broker/session.h"

#include <array>

#include "base/log.h"
#include "doors/remoting/broker/call.h"
#include "doors/remoting/broker/connection_link.h"
#include "wire/remoting/requests/pop.h"
#include "wire/remoting/requests/send.h"

namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr std::size_t kSparePulls = 8;

}  // namespace

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
  const Clock& clock = context_.door().clock();
  context_.wall = clock.wall();
  context_.steady = clock.steady();
  for (const MutableBytes frame : frames) {
    if (auto decoded = decode(frame, context_.command); !decoded) {
      log::warn("connection_refused",
                {{"peer", connection_.peer().text()}, {"why", decoded.error().remark()}});
      take_asked();
      context_.append_sends();
      return connection_.close();
    }
    handle();
  }
  take_asked();
  if (!tickets_.empty()) context_.append_soon(connection_);
  // Without it, what the answers say might not be so after a restart.
  if (context_.pops.changed()) context_.answer_when_kept(connection_);
}

void BrokerSession::on_closed() {
  context_.broker().disconnected(link_.get());
  static_cast<ConnectionLink&>(*link_).calls()->closed();
  for (const auto& parked : parked_) context_.forget(*parked);
  parked_.clear();
}

void BrokerSession::handle() {
  const Command& command = context_.command;
  if (command.is_response()) {
    return static_cast<ConnectionLink&>(*link_).calls()->answered(command);
  }
  const bool send = command.code == SendMessage::kCode || command.code == SendMessageV2::kCode ||
                    command.code == SendBatchMessage::kCode;
  if (send) return ask_send();
  take_asked();
  // What comes later on a connection sees what came before.
  if (!tickets_.empty()) context_.append_sends();
  const BrokerRow* const row = broker_handlers().find(command.code);
  if (!row) return write_unknown_code(out(), ReplyTo::of(command), command.code);
  BrokerCall call{command, *this, context_.wall, context_.steady};
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
  auto pull = make_pull(to);
  pull->plan = std::move(plan);
  pull->asked = asked;
  ParkedPull& parked = keep(std::move(pull), hold);
  if (!context_.park(parked)) resume(parked, false);
  return {};
}

bool BrokerSession::park(broker::PopPlan plan, bool notification, milliseconds hold, ReplyTo to) {
  if (parked_.size() >= kParkedMax) return false;
  auto pop = std::make_unique<ParkedPop>(*this, to);
  pop->plan = std::move(plan);
  pop->notification = notification;
  ParkedPop& parked = keep(std::move(pop), hold);
  context_.park(parked);
  try_answer(parked);  // what came before the group was marked
  return true;
}

template <class Request>
Request& BrokerSession::keep(std::unique_ptr<Request> parked, milliseconds hold) {
  Request& kept = *parked;
  kept.deadline = context_.door().clock().steady() + hold;
  kept.index = parked_.size();
  parked_.push_back(std::move(parked));
  return kept;
}

void BrokerSession::resume(ParkedPull& pull, bool expired) {
  broker::PullResult& result = context_.pulled;
  const auto read = context_.broker().read(pull.plan, result, reactor_wait(context_.door()));
  if (read && result.status == broker::PullStatus::cold) {
    if (auto later = read_later(pull.plan, pull.reply_to); !later) {
      write_error(out(), pull.reply_to, later.error());
      connection_.flush();
    }
    return drop(pull);
  }
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

bool BrokerSession::try_answer(ParkedPop& pop) {
  if (!connection_.is_open()) return false;
  const delivery::LeaseTime now = context_.lease_time();
  if (pop.notification) {
    context_.popped.clear();
    if (!context_.pops.any(pop.plan, now)) return false;
    write_reply(out(), pop.reply_to, kSuccess, {}, NotificationResponse{.has_messages = true});
  } else {
    broker::PopResult& result = context_.popped;
    const auto taken = context_.pops.pop(pop.plan, now, result, reactor_wait(context_.door()));
    if (taken && result.messages.empty() && !result.more) return false;
    if (taken && result.messages.empty()) {
      write_reply(out(), pop.reply_to, kPollingTimeout, "nothing yet: ask again", NoResponse{});
    } else if (taken && result.cold) {
      auto later = read_later(pop.plan, std::exchange(result, {}), pop.reply_to);
      if (!later) write_error(out(), pop.reply_to, later.error());
    } else if (taken) {
      write_pop_reply(out(), pop.reply_to, pop.plan, result, context_.pop_info);
    } else {
      write_error(out(), pop.reply_to, taken.error());
    }
  }
  context_.forget(pop);
  drop(pop);
  return true;
}

void BrokerSession::give_up(ParkedPop& pop) {
  if (pop.notification) {
    write_reply(out(), pop.reply_to, kSuccess, {}, NotificationResponse{});
  } else {
    write_reply(out(), pop.reply_to, kPollingTimeout, "no message came", NoResponse{});
  }
  drop(pop);
  connection_.flush();
}

std::unique_ptr<ParkedPull> BrokerSession::make_pull(ReplyTo to) {
  if (spare_pulls_.empty()) return std::make_unique<ParkedPull>(*this, to);
  auto pull = std::move(spare_pulls_.back());
  spare_pulls_.pop_back();
  pull->reply_to = to;
  return pull;
}

std::unique_ptr<Parked> BrokerSession::take_out(Parked& parked) {
  const std::size_t index = parked.index;
  if (index + 1 != parked_.size()) {
    std::swap(parked_[index], parked_.back());
    parked_[index]->index = index;
  }
  auto taken = std::move(parked_.back());
  parked_.pop_back();
  return taken;
}

void BrokerSession::drop(ParkedPull& pull) {
  auto taken = take_out(pull);
  if (spare_pulls_.size() == kSparePulls) return;
  static_cast<delivery::QueueHook&>(pull).unlink();
  static_cast<delivery::TimeHook&>(pull).unlink();
  pull.plan = {};
  spare_pulls_.emplace_back(static_cast<ParkedPull*>(taken.release()));
}

}  // namespace sluice::doors
