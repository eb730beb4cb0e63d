#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/reactor.h"
#include "wire/remoting/command.h"
#include "wire/remoting/fields.h"

/// Requests to name servers and brokers, Sluice's or Apache's, over the remoting protocol.
///
///   net::ReactorPool reactors(1);
///   client::Remoting remoting(reactors.at(0));
///   auto answer = remoting.call("127.0.0.1:9876", wire::remoting::GetClusterInfo{});
///   if (auto ok = client::check(answer); !ok) …   // the peer's refusal, as an Error
namespace sluice::client {

/// An answer: the command's views are into the frame, which it owns.
struct Answer {
  Buffer frame;
  wire::remoting::Command command;
};

/// Nothing for code 0; else the peer's refusal as an Error: its remark, and the Errc whose remoting
/// code comes nearest.
Result<void> check(const Answer& answer);

inline constexpr milliseconds kCallTimeout{3'000};

/// Connections by address, made on first use and kept; many requests at a time on each. Calls may
/// come from any thread but call(), which waits and so must not be used on the reactor's. Requests
/// that brokers send are ignored, or answered with "not supported" when they want an answer.
class Remoting {
 public:
  /// Runs on the reactor's thread, once.
  using Done = std::move_only_function<void(Result<Answer>)>;

  /// The reactor must run until after the destructor, which ends every call with Errc::closed.
  explicit Remoting(net::Reactor& reactor);
  ~Remoting();
  Remoting(const Remoting&) = delete;
  Remoting& operator=(const Remoting&) = delete;

  /// Sends `request` with `body` to "host:port". Errors: invalid_argument (address), closed (cannot
  /// connect, or the connection went away: the request may have been carried out), timed_out. An
  /// answer that refuses is not an error here, see check().
  template <class Request>
  void start(std::string address, const Request& request, Bytes body, milliseconds timeout,
             Done done) {
    const std::int32_t opaque = opaque_.fetch_add(1, std::memory_order_relaxed);
    Buffer frame;
    wire::remoting::FrameWriter writer(frame, {.code = Request::kCode, .opaque = opaque});
    Request::Wire::encode(request, writer);
    writer.finish(body.size());
    frame.append(body);
    send(std::move(address), opaque, std::move(frame), timeout, std::move(done));
  }

  /// The same, and waits for the answer.
  template <class Request>
  Result<Answer> call(const std::string& address, const Request& request, Bytes body = {},
                      milliseconds timeout = kCallTimeout) {
    return wait([&](Done done) { start(address, request, body, timeout, std::move(done)); });
  }

 private:
  class Links;
  void send(std::string address, std::int32_t opaque, Buffer frame, milliseconds timeout,
            Done done);
  static Result<Answer> wait(const std::function<void(Done)>& begin);

  net::Reactor& reactor_;
  std::shared_ptr<Links> links_;
  std::atomic<std::int32_t> opaque_{1};
};

}  // namespace sluice::client
