#include "client/link.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/os/system_clock.h"
#include "net/listener.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {
SteadyTime now() { return SystemClock().steady(); }
}  // namespace

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

Link::Link(net::Reactor& reactor, net::Endpoint endpoint, std::shared_ptr<const net::TlsClient> tls,
           Remoting::OnRequest& on_request)
    : reactor_(reactor),
      endpoint_(std::move(endpoint)),
      address_(fmt::format("{}:{}", endpoint_.host, endpoint_.port)),
      tls_(std::move(tls)),
      on_request_(on_request),
      deadline_timer_(reactor, [this] { expire(); }) {}

void Link::send(std::int32_t opaque, const Buffer& frame, milliseconds timeout,
                Remoting::Done done) {
  if (!write(frame, timeout)) {
    return done(fail(Errc::closed, fmt::format("{} cannot be reached; it is tried again in {} ms",
                                               address_, (not_before_ - now()).count())));
  }
  const SteadyTime sent = now();
  calls_[opaque] = {.done = std::move(done), .sent = sent, .deadline = sent + timeout};
  watch(sent + timeout);
}

void Link::send_one_way(const Buffer& frame, milliseconds timeout) { write(frame, timeout); }

bool Link::write(const Buffer& frame, milliseconds timeout) {
  if (connection_) {
    connection_->out().text().append(frame.bytes());
    flush_soon();
    return true;
  }
  if (!connecting_ && now() < not_before_) return false;
  unsent_.append(frame.bytes());
  if (!connecting_) connect(timeout);
  return true;
}

void Link::flush_soon() {
  if (std::exchange(flushing_, true)) return;
  reactor_.post([link = shared_from_this()] {
    link->flushing_ = false;
    if (link->connection_) link->connection_->flush();
  });
}

void Link::connect(milliseconds timeout) {
  connecting_ = true;
  net::connect(
      reactor_, endpoint_, timeout,
      // Reading must go on however much is still to be written: the peer may wait for that.
      {.output_bytes_max = std::numeric_limits<std::size_t>::max(), .idle_max = milliseconds(0)},
      [weak = weak_from_this()](const auto&) { return std::make_unique<Frames>(weak); },
      [weak = weak_from_this()](Result<std::shared_ptr<net::Connection>> connection) {
        if (const auto link = weak.lock()) {
          link->on_connected(std::move(connection));
        } else if (connection) {
          (*connection)->close();
        }
      },
      tls_);
}

void Link::on_connected(Result<std::shared_ptr<net::Connection>> connection) {
  connecting_ = false;
  const Buffer unsent = std::exchange(unsent_, {});
  if (!connection) {
    pause_ = std::clamp(pause_ * 2, kPauseMin, kPauseMax);
    not_before_ = now() + pause_;
    return fail_all(connection.error().code(), std::string(connection.error().remark()));
  }
  if (closed_) return (*connection)->close();
  pause_ = milliseconds(0);
  connection_ = std::move(*connection);
  heard_ = now();
  connection_->out().text().append(unsent.bytes());
  connection_->flush();
}

void Link::on_frame(Bytes frame) {
  heard_ = now();
  Answer answer;
  answer.frame.append(frame);
  const MutableBytes own(answer.frame.data(), answer.frame.size());
  if (!decode(own, answer.command)) {
    if (connection_) connection_->close();
    return;
  }
  if (!answer.command.is_response()) return on_request(std::move(answer));
  const std::int32_t opaque = answer.command.opaque;
  finish(opaque, std::move(answer));
}

void Link::on_request(Answer request) {
  const std::int32_t opaque = request.command.opaque;
  Remoting::Respond respond;
  if (!request.command.is_oneway()) {
    respond = [weak = weak_from_this(), opaque](const Response& reply) {
      if (const auto link = weak.lock()) link->answer(opaque, reply);
    };
  }
  if (on_request_ && on_request_(address_, request, respond)) return;
  if (respond) respond({.code = kNotSupported, .remark = "this client does not support it"});
}

void Link::answer(std::int32_t opaque, const Response& reply) {
  if (!connection_) return;
  Buffer& out = connection_->out().text();
  FrameWriter writer(
      out, {.code = reply.code, .opaque = opaque, .flag = kFlagResponse, .remark = reply.remark});
  writer.finish(reply.body.size());
  out.append(std::string_view(reply.body));
  flush_soon();
}

void Link::on_closed() {
  connection_ = nullptr;
  fail_all(Errc::closed, fmt::format("{} closed the connection", address_));
}

void Link::watch(SteadyTime deadline) {
  if (watched_ && *watched_ <= deadline) return;
  watched_ = deadline;
  deadline_timer_.arm(std::max(deadline - now(), milliseconds(1)));
}

void Link::expire() {
  watched_.reset();
  const SteadyTime time = now();
  std::vector<std::int32_t> late;
  std::optional<SteadyTime> next;
  bool silent = false;
  for (const auto& [opaque, call] : calls_) {
    if (call.deadline > time) {
      next = next ? std::min(*next, call.deadline) : call.deadline;
      continue;
    }
    late.push_back(opaque);
    silent = silent || call.sent > heard_;
  }
  if (next) watch(*next);
  const auto self = shared_from_this();
  for (const std::int32_t opaque : late) {
    finish(opaque, fail(Errc::timed_out, fmt::format("{} gave no answer in time", address_)));
  }
  if (silent && connection_) std::exchange(connection_, nullptr)->close();
}

void Link::finish(std::int32_t opaque, Result<Answer> result) {
  auto call = calls_.extract(opaque);
  if (!call.empty()) call.mapped().done(std::move(result));  // else it came too late
}

void Link::fail_all(Errc code, const std::string& why) {
  for (auto& [opaque, call] : std::exchange(calls_, {})) call.done(fail(code, why));
}

void Link::close() {
  closed_ = true;
  deadline_timer_.cancel();
  if (connection_) {
    connection_->flush();  // what was written last, such as leave-taking
    std::exchange(connection_, nullptr)->close();
  }
  fail_all(Errc::closed, "this client was closed");
}

}  // namespace sluice::client
