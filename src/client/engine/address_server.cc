#include "client/engine/address_server.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "net/listener.h"
#include "wire/http.h"

namespace sluice::client {
namespace {

using Done = std::move_only_function<void(Result<std::string>)>;

constexpr std::size_t kResponseMax = 64 << 10;
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// One question: reads until the server closes, and tells once.
class Question : public std::enable_shared_from_this<Question> {
 public:
  Question(net::Reactor& reactor, std::string what, Done done)
      : timer_(reactor, [this] { finish(fail(Errc::timed_out, what_ + ": no answer in time")); }),
        what_(std::move(what)),
        done_(std::move(done)) {}

  void start(const AddressServer& server, net::Reactor& reactor, milliseconds timeout) {
    timer_.arm(timeout);
    const std::string request =
        fmt::format("GET {} HTTP/1.0\r\nHost: {}:{}\r\nConnection: close\r\n\r\n", server.path,
                    server.host, server.port);
    net::connect(
        reactor, {.host = server.host, .port = server.port}, timeout, {},
        [self = shared_from_this()](const auto&) { return std::make_unique<Reader>(self); },
        [self = shared_from_this(), request](auto connection) {
          if (!connection) return self->finish(fail(std::move(connection.error())));
          self->connection_ = *connection;
          (*connection)->out().text().append(std::string_view(request));
          (*connection)->flush();
        });
  }

 private:
  /// Whatever arrives is a frame.
  class Reader final : public net::Session {
   public:
    explicit Reader(std::shared_ptr<Question> question) : question_(std::move(question)) {}
    Result<std::size_t> frame_size(Bytes bytes) override { return bytes.size(); }
    void on_frames(std::span<const MutableBytes> frames) override {
      for (const MutableBytes frame : frames) question_->take(as_text(frame));
    }
    void on_closed() override {
      auto body = wire::http_body(question_->response_);
      if (body) return question_->finish(std::string(trimmed(*body)));
      question_->finish(fail(body.error().code(),
                             fmt::format("{}: {}", question_->what_, body.error().remark())));
    }

   private:
    const std::shared_ptr<Question> question_;
  };

  void take(std::string_view bytes) {
    if (response_.size() + bytes.size() > kResponseMax) {
      finish(fail(Errc::malformed, what_ + ": the answer is too long for a list of name servers"));
      return;
    }
    response_ += bytes;
  }
  void finish(Result<std::string> result) {
    timer_.cancel();
    if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
    if (done_) std::exchange(done_, nullptr)(std::move(result));
  }

  net::Timer timer_;
  const std::string what_;
  Done done_;
  std::string response_;
  std::shared_ptr<net::Connection> connection_;
};

}  // namespace

Result<AddressServer> parse_address_server(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const auto bad = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is not an address server: http://host[:port]/path is", url));
  };
  if (!url.starts_with(kScheme)) return bad();
  const std::string_view rest = url.substr(kScheme.size());
  const std::string_view authority = rest.substr(0, rest.find('/'));
  AddressServer server;
  if (authority.size() < rest.size()) server.path = rest.substr(authority.size());
  const std::size_t colon = authority.rfind(':');
  server.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) {
    const auto port = parse_number<std::uint16_t>(authority.substr(colon + 1));
    if (!port) return bad();
    server.port = *port;
  }
  if (server.host.empty() || url.find_first_of(kBlanks) != std::string_view::npos) return bad();
  return server;
}

void ask_address_server(net::Reactor& reactor, const AddressServer& server, milliseconds timeout,
                        Done done) {
  const auto question = std::make_shared<Question>(
      reactor, fmt::format("address server {}:{}{}", server.host, server.port, server.path),
      std::move(done));
  reactor.post(
      [question, server, timeout, &reactor] { question->start(server, reactor, timeout); });
}

}  // namespace sluice::client
