#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

/// The way into a cluster: what producers and consumers share.
///
///   sluice::Client client({.name_servers = "10.0.0.1:9876;10.0.0.2:9876"});
///   sluice::Producer producer(client, {.group = "shop"});
///   auto sent = producer.send({.topic = "orders", .body = "two apples"});
///   if (!sent) std::cerr << sent.error().remark << '\n';
///
/// Works with Sluice and with Apache RocketMQ 4.9 and 5.x (remoting protocol).
namespace sluice {

namespace client {
class Core;
}

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct ClientOptions {
  /// `host:port`, several with `;` between them; asked in turn until one answers. Empty: the
  /// environment's NAMESRV_ADDR.
  std::string name_servers;
  /// What tells the clients of one host apart. Empty: made from process and time.
  std::string instance{};
  std::chrono::milliseconds request_timeout{3'000};  ///< of routes, offsets, heartbeats
  std::chrono::milliseconds route_refresh{30'000};   ///< how often routes are asked for again
  std::chrono::milliseconds heartbeat{30'000};       ///< brokers forget members after 120 s
  /// Gets a line for what an operator may want to know; runs on the client's thread. Without one
  /// nothing is written anywhere.
  std::function<void(LogLevel, std::string_view)> log{};
};

/// Connections, routes and heartbeats, on one thread of its own: the only thread, but for the
/// listener threads that push consumers are given by their options. Name servers and brokers that
/// cannot be reached are tried again with growing pauses (50 ms to 5 s); nothing waits for them at
/// construction. Thread-safe.
///
/// Destruction (or close()) ends every producer and consumer made with it: consumers finish what
/// they have in hand, commit and take leave; what was not sent completes with Errc::closed. That
/// takes no longer than the consumers' shutdown_timeout and a request_timeout. Not to be called on
/// the client's own thread, which is where handlers without an executor run.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void close();
  /// `address@instance`, as brokers and tools show it.
  const std::string& id() const;

  const std::shared_ptr<client::Core>& core() const { return core_; }  ///< for the library

 private:
  std::shared_ptr<client::Core> core_;
};

}  // namespace sluice
