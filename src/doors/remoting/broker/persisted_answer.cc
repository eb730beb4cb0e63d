#include "doors/remoting/broker/persisted_answer.h"

#include <utility>

namespace sluice::doors {
namespace {

void answer(const std::weak_ptr<net::Connection>& connection, const ReplyTo& to,
            const Result<void>& done) {
  const auto open = connection.lock();
  if (!open || !open->is_open()) return;
  if (done) {
    write_reply(open->out(), to, wire::remoting::kSuccess, {}, NoResponse{});
  } else {
    write_error(open->out(), to, done.error());
  }
  open->flush();
}

}  // namespace

Result<void> ok_when_persisted(const BrokerCall& call) {
  ReactorContext& context = call.session.context();
  std::weak_ptr<net::Connection> connection = call.session.connection().weak_from_this();
  const ReplyTo to = call.reply_to();
  WorkerPool* const pool = call.door().options().cold_readers;
  if (pool == nullptr) {
    SLUICE_CHECK(context.broker().persist_tables());
    write_reply(call.session.out(), to, wire::remoting::kSuccess, {}, NoResponse{});
    return {};
  }
  const bool taken = pool->submit([&context, connection = std::move(connection), to]() mutable {
    auto done = context.broker().persist_tables();
    context.reactor().post([connection = std::move(connection), to, done = std::move(done)] {
      answer(connection, to, done);
    });
  });
  if (taken) return {};
  return fail(Errc::busy, "too many requests wait for the disk: try again in a moment");
}

}  // namespace sluice::doors
