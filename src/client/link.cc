#include "client/link.h"

#include <fmt/format.h>

#include "net/listener.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;

/// What arrives, handed to the link as long as there is one.
class Link::Frames final : public net::Session {
 public:
  explicit Frames(std::weak_ptr<Link> link) : link_(std::move(link)) {}
  Result<std::size_t> frame_size(Bytes bytes) override { return wire::remoting::frame_size(bytes); }
  void on_frames(std::span<const MutableBytes> frames) override {
    const auto link = link_.lock();
    for (const MutableBytes frame : frames) {
      if (link) link->on_frame(frame);
    }
  }
  void on_closed() override {
    if (const auto link = link_.lock()) link->on_closed();
  }

 private:
  std::weak_ptr<Link> link_;
};

void Link::send(std::int32_t opaque, Buffer frame, milliseconds timeout, Remoting::Done done) {
  auto deadline = std::make_unique<net::Timer>(reactor_, [this, opaque, timeout] {
    finish(opaque, fail(Errc::timed_out,
                        fmt::format("{} gave no answer within {} ms", address(), timeout.count())));
  });
  deadline->arm(timeout);
  calls_[opaque] = {.done = std::move(done), .deadline = std::move(deadline)};
  if (connection_) {
    connection_->out().text().append(frame.bytes());
    connection_->flush();
    return;
  }
  unsent_.push_back(std::move(frame));
  if (!connecting_) connect(timeout);
}

void Link::connect(milliseconds timeout) {
  connecting_ = true;
  net::connect(
      reactor_, endpoint_, timeout, {.idle_max = milliseconds(0)},
      [weak = weak_from_this()](const auto&) { return std::make_unique<Frames>(weak); },
      [weak = weak_from_this()](Result<std::shared_ptr<net::Connection>> connection) {
        if (const auto link = weak.lock()) {
          link->on_connected(std::move(connection));
        } else if (connection) {
          (*connection)->close();
        }
      });
}

void Link::on_connected(Result<std::shared_ptr<net::Connection>> connection) {
  connecting_ = false;
  const std::vector<Buffer> unsent = std::exchange(unsent_, {});
  if (!connection) {
    return fail_all(connection.error().code(), std::string(connection.error().remark()));
  }
  if (closed_) return (*connection)->close();
  connection_ = std::move(*connection);
  for (const Buffer& frame : unsent) connection_->out().text().append(frame.bytes());
  connection_->flush();
}

void Link::on_frame(Bytes frame) {
  Answer answer;
  answer.frame.append(frame);
  const MutableBytes own(answer.frame.data(), answer.frame.size());
  if (!decode(own, answer.command)) {
    if (connection_) connection_->close();
    return;
  }
  if (!answer.command.is_response()) return refuse(answer.command);
  const std::int32_t opaque = answer.command.opaque;
  finish(opaque, std::move(answer));
}

void Link::refuse(const Command& request) {
  if (request.is_oneway() || !connection_) return;
  FrameWriter writer(connection_->out().text(), {.code = kNotSupported,
                                                 .opaque = request.opaque,
                                                 .flag = kFlagResponse,
                                                 .remark = "this client does not support it"});
  writer.finish();
}

void Link::on_closed() {
  connection_ = nullptr;
  fail_all(Errc::closed, fmt::format("{} closed the connection", address()));
}

void Link::finish(std::int32_t opaque, Result<Answer> result) {
  auto call = calls_.extract(opaque);
  if (call.empty()) return;  // it came too late
  call.mapped().deadline->cancel();
  call.mapped().done(std::move(result));
}

void Link::fail_all(Errc code, const std::string& why) {
  for (auto& [opaque, call] : std::exchange(calls_, {})) call.done(fail(code, why));
}

void Link::close() {
  closed_ = true;
  if (connection_) std::exchange(connection_, nullptr)->close();
  fail_all(Errc::closed, "this client was closed");
}

std::string Link::address() const { return fmt::format("{}:{}", endpoint_.host, endpoint_.port); }

}  // namespace sluice::client
