#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <sluice/client.h>

#include "base/clock.h"
#include "net/reactor.h"
#include "net/tls.h"
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

/// What a client says to a request that a broker made.
struct Response {
  std::int32_t code = 0;
  std::string remark, body;
};

/// Nothing for code 0; else the peer's refusal as an Error: its remark, and the Errc whose remoting
/// code comes nearest.
Result<void> check(const Answer& answer);

inline constexpr milliseconds kCallTimeout{3'000};

/// How a client shows who it is, and keeps others from listening.
struct Security {
  Credentials credentials{};  ///< without an access key nothing is signed
  /// Null: bytes go as they are. An error is that of every call.
  Result<std::shared_ptr<const net::TlsClient>> tls = nullptr;
};

/// Connections by address, made on first use and kept; many requests at a time on each. Calls may
/// come from any thread but call(), which waits and so must not be used on the reactor's. Requests
/// that brokers send go to serve()'s handler; without one, or when it knows nothing of them, they
/// are answered with "not supported".
class Remoting {
 public:
  /// Runs on the reactor's thread, once.
  using Done = std::move_only_function<void(Result<Answer>)>;
  /// Sends the answer; reactor's thread, also later. Empty for a one-way request.
  using Respond = std::function<void(const Response&)>;
  /// A request of the broker at `address`. Gives false for one it does not know.
  using OnRequest = std::function<bool(const std::string& address, const Answer& request,
                                       const Respond& respond)>;

  /// The reactor must run until after the destructor, which ends every call with Errc::closed.
  explicit Remoting(net::Reactor& reactor, Security security = {});
  ~Remoting();
  Remoting(const Remoting&) = delete;
  Remoting& operator=(const Remoting&) = delete;

  /// Before the first call.
  void serve(OnRequest handler) { on_request_ = std::move(handler); }
  /// Ends every call with Errc::closed, and so every later one. Any thread.
  void close();

  /// Sends `request` with `body` to "host:port". Errors: invalid_argument (address), closed (cannot
  /// connect, or the connection went away: the request may have been carried out), timed_out. An
  /// answer that refuses is not an error here, see check().
  template <class Request>
  void start(std::string address, const Request& request, Bytes body, milliseconds timeout,
             Done done) {
    const std::int32_t opaque = opaque_.fetch_add(1, std::memory_order_relaxed);
    send(std::move(address), opaque, encode(request, body, opaque, 0), timeout, std::move(done));
  }

  /// The same without an answer: nobody tells what becomes of it.
  template <class Request>
  void start_one_way(std::string address, const Request& request, Bytes body = {}) {
    const std::int32_t opaque = opaque_.fetch_add(1, std::memory_order_relaxed);
    send(std::move(address), opaque, encode(request, body, opaque, wire::remoting::kFlagOneway),
         kCallTimeout, nullptr);
  }

  /// The same, and waits for the answer.
  template <class Request>
  Result<Answer> call(const std::string& address, const Request& request, Bytes body = {},
                      milliseconds timeout = kCallTimeout) {
    return wait([&](Done done) { start(address, request, body, timeout, std::move(done)); });
  }

 private:
  class Links;
  template <class Request>
  static Buffer encode(const Request& request, Bytes body, std::int32_t opaque, std::int32_t flag) {
    Buffer frame;
    frame.reserve(512 + body.size());
    wire::remoting::FrameWriter writer(frame,
                                       {.code = Request::kCode, .opaque = opaque, .flag = flag});
    Request::Wire::encode(request, writer);
    writer.finish(body.size());
    frame.append(body);
    return frame;
  }
  void send(std::string address, std::int32_t opaque, Buffer frame, milliseconds timeout,
            Done done);
  static Result<Answer> wait(const std::function<void(Done)>& begin);

  net::Reactor& reactor_;
  const Security security_;
  OnRequest on_request_;
  std::shared_ptr<Links> links_;
  std::atomic<std::int32_t> opaque_{1};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice::client
