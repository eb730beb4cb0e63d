#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/listener.h"
#include "net/tcp_connection.h"

namespace sluice::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Done = std::move_only_function<void(Result<std::shared_ptr<Connection>>)>;

/// One attempt: look the name up, connect, hand over; or run out of time.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(Reactor& reactor, Endpoint endpoint, ConnectionLimits limits, MakeSession make, Done done,
          std::shared_ptr<const TlsClient> tls)
      : reactor_(reactor),
        endpoint_(std::move(endpoint)),
        limits_(limits),
        make_(std::move(make)),
        done_(std::move(done)),
        tls_(std::move(tls)),
        resolver_(reactor.loop().io),
        socket_(reactor.loop().io),
        timer_(reactor.loop().io) {}

  void start(milliseconds timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled || !self->done_) return;
      self->resolver_.cancel();
      error_code ignored;
      self->socket_.close(ignored);
      self->finish(fail(Errc::timed_out, self->what() + ": no answer in time"));
    });
    error_code error;
    const auto address = boost::asio::ip::make_address(endpoint_.host, error);
    if (!error) return connect_to(tcp::endpoint(address, endpoint_.port));
    resolver_.async_resolve(
        endpoint_.host, std::to_string(endpoint_.port),
        [self = shared_from_this()](error_code e, const tcp::resolver::results_type& found) {
          if (!self->done_) return;
          if (e) return self->finish(self->failed(e));
          self->connect_to(found.begin()->endpoint());
        });
  }

 private:
  void connect_to(const tcp::endpoint& to) {
    socket_.async_connect(to, [self = shared_from_this()](error_code error) {
      if (!self->done_) return;
      if (error) return self->finish(self->failed(error));
      if (!self->tls_) return self->hand_over();
      self->socket_.non_blocking(true, error);
      self->stream_ = std::make_unique<TlsStream>(*self->tls_, self->socket_.native_handle(),
                                                  self->endpoint_.host);
      self->shake_hands();
    });
  }
  void shake_hands() {
    using Step = TlsStream::Step;
    const Step step = stream_->handshake();
    if (step == Step::done) return hand_over();
    if (step == Step::failed) {
      return finish(fail(Errc::closed, what() + ": " + stream_->problem()));
    }
    const auto wanted = step == Step::wants_read ? tcp::socket::wait_read : tcp::socket::wait_write;
    socket_.async_wait(wanted, [self = shared_from_this()](error_code error) {
      if (!self->done_) return;
      if (error) return self->finish(self->failed(error));
      self->shake_hands();
    });
  }
  void hand_over() {
    auto connection = std::make_shared<TcpConnection>(reactor_, std::move(socket_), limits_,
                                                      nullptr, std::move(stream_));
    connection->start(make_);
    finish(std::shared_ptr<Connection>(std::move(connection)));
  }
  std::string what() const {
    return "cannot connect to " + endpoint_.host + ":" + std::to_string(endpoint_.port);
  }
  std::unexpected<Error> failed(error_code error) const {
    return fail(Errc::closed, what() + ": " + error.message());
  }
  void finish(Result<std::shared_ptr<Connection>> result) {
    timer_.cancel();
    std::exchange(done_, nullptr)(std::move(result));
  }

  Reactor& reactor_;
  const Endpoint endpoint_;
  const ConnectionLimits limits_;
  const MakeSession make_;
  Done done_;
  const std::shared_ptr<const TlsClient> tls_;
  std::unique_ptr<TlsStream> stream_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;
};

}  // namespace

void connect(Reactor& reactor, const Endpoint& endpoint, milliseconds timeout,
             ConnectionLimits limits, MakeSession make, Done done,
             std::shared_ptr<const TlsClient> tls) {
  auto attempt = std::make_shared<Attempt>(reactor, endpoint, limits, std::move(make),
                                           std::move(done), std::move(tls));
  reactor.post([attempt, timeout] { attempt->start(timeout); });
}

}  // namespace sluice::net
