#include "net/listener.h"

#include <mutex>
#include <unordered_map>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "net/tcp_connection.h"

namespace sluice::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr milliseconds kAcceptPause{100};  // after an accept failed, e.g. for want of descriptors

class TcpListener final : public Listener, public std::enable_shared_from_this<TcpListener> {
 public:
  TcpListener(ReactorPool& reactors, ListenOptions options, MakeSession make)
      : reactors_(reactors),
        options_(std::move(options)),
        make_(std::move(make)),
        acceptor_(reactors.at(0).loop().io),
        pause_(reactors.at(0).loop().io) {}

  Result<void> bind() {
    error_code error;
    const auto address = boost::asio::ip::make_address(options_.address, error);
    if (error) {
      return fail(Errc::invalid_argument,
                  "bindAddress '" + options_.address +
                      "' is not an IP address, such as 0.0.0.0, 127.0.0.1 or ::");
    }
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor_.set_option(boost::asio::ip::v6_only(false), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(1024, error);
    if (!error) return {};
    const bool taken = error == boost::asio::error::address_in_use;
    return fail(taken ? Errc::in_use : Errc::not_permitted,
                "cannot listen on " + options_.address + ":" + std::to_string(options_.port) +
                    ": " + error.message() +
                    (taken ? "; another process uses the port, choose another one" : ""));
  }

  void start() {
    port_ = acceptor_.local_endpoint().port();
    reactors_.at(0).post([self = shared_from_this()] { self->accept(); });
  }

  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return count_.load(); }

  void close() override {
    if (closed_.exchange(true)) return;
    reactors_.at(0).run_and_wait([this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    std::vector<std::shared_ptr<TcpConnection>> open;
    {
      const std::lock_guard lock(mutex_);
      for (auto& [key, weak] : connections_) {
        if (auto connection = weak.lock()) open.push_back(std::move(connection));
      }
    }
    for (auto& connection : open) {
      connection->reactor().run_and_wait([&] { connection->close(); });
    }
    // Sessions are told of the end after the call that closes, and the reactors may stop after this
    // one. Twice: what a reactor's own thread posts can come behind what is posted meanwhile.
    for (std::size_t i = 0; i < 2 * reactors_.size(); ++i) {
      reactors_.at(i % reactors_.size()).run_and_wait([] {});
    }
  }

 private:
  void accept() {
    Reactor& target = reactors_.next();
    acceptor_.async_accept(target.loop().io, [self = shared_from_this(), &target](
                                                 error_code error, tcp::socket socket) {
      if (self->closed_) return;
      if (error) return self->accept_later(error);
      self->take(target, std::move(socket));
      self->accept();
    });
  }

  void accept_later(error_code error) {
    log::warn("accept failed", {{"port", port_}, {"reason", error.message()}});
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->closed_) self->accept();
    });
  }

  void take(Reactor& target, tcp::socket socket) {
    if (count_.load() >= options_.connections_max) {
      log::warn("connection refused", {{"port", port_},
                                       {"connections", count_.load()},
                                       {"connectionsMax", options_.connections_max}});
      return;
    }
    ++count_;
    target.post([self = shared_from_this(), &target, socket = std::move(socket)]() mutable {
      self->serve(target, std::move(socket));
    });
  }

  void serve(Reactor& target, tcp::socket socket) {
    const std::uint64_t key = next_key_.fetch_add(1);
    auto connection =
        std::make_shared<TcpConnection>(target, std::move(socket), options_.limits,
                                        [self = shared_from_this(), key] { self->gone(key); });
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      connections_.emplace(key, connection);
    }
    connection->start(make_);
  }

  void gone(std::uint64_t key) {
    const std::lock_guard lock(mutex_);
    connections_.erase(key);
    --count_;
  }

  ReactorPool& reactors_;
  const ListenOptions options_;
  const MakeSession make_;
  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint64_t> next_key_{0};
  std::mutex mutex_;  // connections_
  std::unordered_map<std::uint64_t, std::weak_ptr<TcpConnection>> connections_;
};

/// Closes with its owner; the handlers that are under way keep the listener itself alive.
class OwnedListener final : public Listener {
 public:
  explicit OwnedListener(std::shared_ptr<TcpListener> listener) : listener_(std::move(listener)) {}
  ~OwnedListener() override { listener_->close(); }
  std::uint16_t port() const override { return listener_->port(); }
  std::size_t connections() const override { return listener_->connections(); }
  void close() override { listener_->close(); }

 private:
  const std::shared_ptr<TcpListener> listener_;
};

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(ReactorPool& reactors, ListenOptions options,
                                                 MakeSession make) {
  auto listener = std::make_shared<TcpListener>(reactors, std::move(options), std::move(make));
  SLUICE_CHECK(listener->bind());
  listener->start();
  return std::make_unique<OwnedListener>(std::move(listener));
}

}  // namespace sluice::net
