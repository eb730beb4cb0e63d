#include "doors/remoting/broker/client_calls.h"

#include <fmt/format.h>

namespace sluice::doors {
namespace {

void write_request(net::Connection& connection, const ClientRequest& request, std::int32_t opaque,
                   std::int32_t flag) {
  wire::remoting::FrameWriter frame(connection.out().text(),
                                    {.code = request.code, .opaque = opaque, .flag = flag});
  for (const auto& [name, value] : request.fields) frame.field(name, std::string_view(value));
  frame.finish(request.body.size());
  connection.out().text().append(as_bytes(request.body));
  connection.flush();
}

}  // namespace

void ClientCalls::start(ClientRequest request, milliseconds timeout, Done done) {
  const auto connection = connection_.lock();
  if (!connection) return done(fail(Errc::closed, "the client has disconnected"));
  connection->reactor().post([self = shared_from_this(), request = std::move(request), timeout,
                              done = std::move(done)]() mutable {
    const auto open = self->connection_.lock();
    if (!open || !open->is_open()) {
      return done(fail(Errc::closed, "the client has disconnected"));
    }
    self->send(*open, request, timeout, std::move(done));
  });
}

void ClientCalls::tell(ClientRequest request) {
  const auto connection = connection_.lock();
  if (!connection) return;
  connection->reactor().post([weak = connection_, request = std::move(request)] {
    const auto open = weak.lock();
    if (open && open->is_open()) write_request(*open, request, 0, wire::remoting::kFlagOneway);
  });
}

void ClientCalls::send(net::Connection& connection, const ClientRequest& request,
                       milliseconds timeout, Done done) {
  if (calls_.size() >= kCallsMax) {
    return done(fail(Errc::busy, fmt::format("{} requests wait for this client", kCallsMax)));
  }
  const std::int32_t opaque = ++opaque_;
  auto deadline = std::make_unique<net::Timer>(
      connection.reactor(), [weak = weak_from_this(), opaque, timeout] {
        if (const auto self = weak.lock()) {
          self->finish(opaque, fail(Errc::timed_out, fmt::format("the client gave no answer within "
                                                                 "{} ms",
                                                                 timeout.count())));
        }
      });
  deadline->arm(timeout);
  calls_[opaque] = {.done = std::move(done), .deadline = std::move(deadline)};
  write_request(connection, request, opaque, 0);
}

void ClientCalls::answered(const wire::remoting::Command& command) {
  finish(command.opaque, ClientAnswer{.code = command.code,
                                      .remark = std::string(command.remark),
                                      .body = std::string(as_text(command.body))});
}

void ClientCalls::closed() {
  for (auto& [opaque, call] : std::exchange(calls_, {})) {
    call.deadline->cancel();
    call.done(fail(Errc::closed, "the client has disconnected"));
  }
}

void ClientCalls::finish(std::int32_t opaque, Result<ClientAnswer> answer) {
  auto call = calls_.extract(opaque);
  if (call.empty()) return;  // it came too late
  call.mapped().deadline->cancel();
  call.mapped().done(std::move(answer));
}

}  // namespace sluice::doors
