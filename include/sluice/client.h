#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

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

/// One attempt of an operation that has ended, as metrics want it. The views are valid during the
/// call.
struct Measurement {
  std::string_view operation;  ///< "send"
  std::string_view topic, broker;
  std::size_t messages = 0, bytes = 0;
  std::chrono::microseconds took{0};
  boost::system::error_code error{};
};

/// What a message broker wants to know of who connects: requests are signed (HMAC-SHA1 over their
/// fields and body), as RocketMQ's access control checks them.
struct Credentials {
  std::string access_key, secret_key;  ///< empty: requests are not signed
  std::string security_token{};        ///< of temporary keys
};

/// How far a server's certificate is looked at.
enum class TlsCheck : std::uint8_t {
  name,    ///< issued by a known authority, for the address or name that was asked for
  issuer,  ///< issued by a known authority; brokers' certificates seldom name their addresses
  none,    ///< anybody's: traffic can be read by whoever sits in between
};

struct TlsOptions {
  bool enabled = false;
  TlsCheck check = TlsCheck::name;
  std::string ca_file{};  ///< PEM, authorities to trust; empty: the system's
  std::string certificate_file{}, key_file{}, key_password{};  ///< PEM; of this client, if asked
};

struct ClientOptions {
  /// `host:port`, several with `;` between them; asked in turn until one answers. Empty: those that
  /// address_server gives, or else the environment's NAMESRV_ADDR.
  std::string name_servers{};
  /// `http://host[:port]/path`, whose answer is such a list; asked at the start and every two
  /// minutes.
  std::string address_server{};
  /// What tells the clients of one host apart. Empty: made from process and time.
  std::string instance{};
  std::chrono::milliseconds request_timeout{3'000};  ///< of routes, offsets, heartbeats
  std::chrono::milliseconds route_refresh{30'000};   ///< how often routes are asked for again
  std::chrono::milliseconds heartbeat{30'000};       ///< brokers forget members after 120 s
  /// Topics and groups are those of this namespace: `namespace%topic` to brokers and tools, without
  /// it to the program, as with Java's clients.
  std::string name_space{};
  Credentials credentials{};
  TlsOptions tls{};  ///< of connections to name servers and brokers alike
  /// Gets a line for what an operator may want to know; runs on the client's thread. Without one
  /// nothing is written anywhere.
  std::function<void(LogLevel, std::string_view)> log{};
  /// Gets every attempt of an operation as it ends; runs on the client's thread.
  std::function<void(const Measurement&)> meter{};
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
