#include "client/remoting.h"

#include <algorithm>
#include <future>
#include <map>

#include <fmt/format.h>

#include "client/link.h"
#include "client/signature.h"
#include "wire/remoting/response_code.h"

namespace sluice::client {
namespace {

/// Codes whose meaning the first row of that code in the error table would not give.
struct CodeRow {
  std::int32_t code;
  Errc errc;
};
constexpr CodeRow kCodes[] = {
    {wire::remoting::kSystemError, Errc::internal},
    {wire::remoting::kSystemBusy, Errc::busy},
    {wire::remoting::kNotSupported, Errc::unsupported},
    {wire::remoting::kMessageIllegal, Errc::message_illegal},
    {wire::remoting::kServiceNotAvailable, Errc::closed},
    {wire::remoting::kQueryNotFound, Errc::not_found},
};

Errc errc_of(std::int32_t code) {
  const auto* row = std::ranges::find(kCodes, code, &CodeRow::code);
  if (row != std::end(kCodes)) return row->errc;
  const auto known = std::ranges::find(errc_rows(), code, &ErrcRow::remoting_code);
  return known != errc_rows().end() ? known->code : Errc::internal;
}

}  // namespace

Result<void> check(const Answer& answer) {
  const auto& command = answer.command;
  if (command.code == wire::remoting::kSuccess) return {};
  const Errc code = errc_of(command.code);
  const std::string_view remark = command.remark.empty() ? errc_row(code).text : command.remark;
  return fail(code, fmt::format("{} (code {})", remark, command.code));
}

/// All addresses of a client. Reactor's thread only.
class Remoting::Links {
 public:
  Links(net::Reactor& reactor, const Security& security, OnRequest& on_request)
      : reactor_(reactor), security_(security), on_request_(on_request) {}

  /// Without `done` it is one-way.
  void send(const std::string& address, std::int32_t opaque, const Buffer& frame,
            milliseconds timeout, Done done) {
    if (closed_) return refuse(done, Error(Errc::closed, "this client was closed"));
    if (!security_.tls) {
      const Error& why = security_.tls.error();
      return refuse(done, Error(why.code(), std::string(why.remark())));
    }
    auto& link = links_[address];
    if (!link) {
      auto endpoint = net::parse_endpoint(address);
      if (!endpoint) {
        links_.erase(address);
        return refuse(done, std::move(endpoint.error()));
      }
      link = std::make_shared<Link>(reactor_, std::move(*endpoint), *security_.tls, on_request_);
    }
    if (!done) return link->send_one_way(frame, timeout);
    link->send(opaque, frame, timeout, std::move(done));
  }

  void close() {
    closed_ = true;
    for (auto& [address, link] : std::exchange(links_, {})) link->close();
  }

 private:
  static void refuse(Done& done, Error error) {
    if (done) done(fail(std::move(error)));
  }

  net::Reactor& reactor_;
  const Security& security_;
  OnRequest& on_request_;
  std::map<std::string, std::shared_ptr<Link>> links_;
  bool closed_ = false;
};

Remoting::Remoting(net::Reactor& reactor, Security security)
    : reactor_(reactor),
      security_(std::move(security)),
      links_(std::make_shared<Links>(reactor, security_, on_request_)) {}

Remoting::~Remoting() { close(); }

void Remoting::close() {
  if (closed_.exchange(true)) return;
  reactor_.run_and_wait([this] { links_->close(); });
}

void Remoting::send(std::string address, std::int32_t opaque, Buffer frame, milliseconds timeout,
                    Done done) {
  if (!security_.credentials.access_key.empty()) {
    frame = signed_frame(std::move(frame), security_.credentials);
  }
  if (reactor_.on_thread()) {
    return links_->send(address, opaque, frame, timeout, std::move(done));
  }
  reactor_.post([links = links_, address = std::move(address), opaque, frame = std::move(frame),
                 timeout, done = std::move(done)]() mutable {
    links->send(address, opaque, frame, timeout, std::move(done));
  });
}

Result<Answer> Remoting::wait(const std::function<void(Done)>& begin) {
  std::promise<Result<Answer>> promise;
  auto answer = promise.get_future();
  begin([&promise](Result<Answer> result) { promise.set_value(std::move(result)); });
  return answer.get();
}

}  // namespace sluice::client
