#include "doors/remoting/broker/session.h"

/// Pulls and pops whose messages must be waited for: read on the pool of cold readers, answered on
/// their reactor.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

/// A request on its way through the pool and back.
struct ColdRead {
  ColdRead(ReactorContext& context, std::weak_ptr<net::Connection> connection, ReplyTo to)
      : context(context), connection(std::move(connection)), reply_to(to) {}
  ColdRead(const ColdRead&) = delete;
  ColdRead& operator=(const ColdRead&) = delete;
  virtual ~ColdRead() = default;
  /// On the pool.
  virtual Result<void> read() = 0;
  /// On the reactor, after a read that succeeded.
  virtual void answer(net::OutQueue& out) = 0;

  void finish(const Result<void>& done) {
    const auto open = connection.lock();
    if (!open || !open->is_open()) return;
    if (done) {
      answer(open->out());
    } else {
      write_error(open->out(), reply_to, done.error());
    }
    // Behind what damage made of leases: without that, it might not be so after a restart.
    context.answer_when_kept(*open);
  }

  ReactorContext& context;
  std::weak_ptr<net::Connection> connection;
  const ReplyTo reply_to;
};

struct ColdPull final : ColdRead {
  using ColdRead::ColdRead;
  Result<void> read() override { return context.broker().read(plan, result, broker::Wait::yes); }
  void answer(net::OutQueue& out) override {
    // Nothing wanted up to the queue's end: the client asks from there, and is then parked.
    const bool at_end = result.status == broker::PullStatus::not_found;
    if (at_end && result.next != plan.offset) result.status = broker::PullStatus::retry;
    write_pull_reply(out, reply_to, result, pull_code(result.status));
  }

  broker::PullPlan plan;
  broker::PullResult result;
};

struct ColdPop final : ColdRead {
  using ColdRead::ColdRead;
  Result<void> read() override {
    return broker::read_popped(context.broker(), result, broker::Wait::yes);
  }
  void answer(net::OutQueue& out) override {
    pass_over_damaged();
    if (!result.messages.empty()) {
      return write_pop_reply(out, reply_to, plan, result, context.pop_info);
    }
    write_reply(out, reply_to, kPollingTimeout, "the messages are damaged, see the log",
                NoResponse{});
  }
  /// Otherwise they come again when their leases run out.
  void pass_over_damaged() {
    if (context.broker().options().damaged != broker::Damaged::skip) return;
    for (const broker::PopResult::Message& message : result.damaged) {
      static_cast<void>(context.pops.acknowledge({.group = plan.leases->group,
                                                  .topic = plan.leases->topic,
                                                  .queue = message.queue,
                                                  .offset = message.offset,
                                                  .stamp = result.stamp}));
    }
  }

  broker::PopPlan plan;
  broker::PopResult result;
};

Result<void> hand_over(std::unique_ptr<ColdRead> request) {
  ReactorContext& context = request->context;
  context.broker().traffic().cold_reads.fetch_add(1, std::memory_order_relaxed);
  WorkerPool& pool = *context.door().options().cold_readers;
  const bool taken = pool.submit([request = std::move(request)]() mutable {
    if (request->connection.expired()) return;
    auto done = request->read();
    net::Reactor& reactor = request->context.reactor();
    reactor.post([request = std::move(request), done = std::move(done)] { request->finish(done); });
  });
  if (taken) return {};
  return fail(Errc::busy, "too many readers wait for the disk: try again in a moment");
}

}  // namespace

broker::Wait reactor_wait(const BrokerDoor& door) {
  return door.options().cold_readers ? broker::Wait::no : broker::Wait::yes;
}

Result<void> BrokerSession::read_later(broker::PullPlan plan, ReplyTo to) {
  auto pull = std::make_unique<ColdPull>(context_, connection_.weak_from_this(), to);
  pull->plan = std::move(plan);
  return hand_over(std::move(pull));
}

Result<void> BrokerSession::read_later(broker::PopPlan plan, broker::PopResult taken, ReplyTo to) {
  auto pop = std::make_unique<ColdPop>(context_, connection_.weak_from_this(), to);
  pop->plan = std::move(plan);
  pop->result = std::move(taken);
  return hand_over(std::move(pop));
}

}  // namespace sluice::doors
