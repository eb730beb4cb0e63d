#pragma once

#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/listener.h"
#include "wire/record/record.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/command.h"

/// For tests only: a server that answers remoting requests from a table.
namespace sluice::client {

struct Reply {
  std::int32_t code = 0;
  std::string remark{};
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string body{};
};

/// A record as it lies in the log, and in the answer to a pull.
inline std::string record_text(const wire::record::Message& message,
                               const wire::record::Placement& placement) {
  const auto size = wire::record::encoded_size(message, placement.store_host).value();
  std::string out(static_cast<std::size_t>(size), '\0');
  wire::record::encode(message, placement, wire::record::body_crc(message.body),
                       std::as_writable_bytes(std::span(out)).data());
  return out;
}

/// Answers each request code by its handler; nothing from a handler: no answer. Handlers run on the
/// server's reactor, one at a time. Set them before the first request.
class TestServer {
  class Session;

 public:
  using Handler = std::function<std::optional<Reply>(const wire::remoting::Command&)>;

  TestServer() {
    listener_ = net::Listener::open(reactors_, {.address = "127.0.0.1"},
                                    [this](const std::shared_ptr<net::Connection>& connection) {
                                      return std::make_unique<Session>(*this, connection);
                                    })
                    .value();
    port_ = listener_->port();
  }
  ~TestServer() { stop(); }
  void stop() {
    if (listener_) listener_->close();
    reactors_.stop();
    listener_ = nullptr;
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void on(std::int32_t code, Handler handler) { handlers_[code] = std::move(handler); }
  void on(std::int32_t code, Reply reply) {
    on(code, [reply](const wire::remoting::Command&) { return reply; });
  }
  /// How many requests of that code have come.
  int count(std::int32_t code) const {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(code);
    return found == counts_.end() ? 0 : found->second;
  }

  /// Asks every client that is connected, as brokers do; gives the first answer.
  Reply ask(std::int32_t code, std::vector<std::pair<std::string, std::string>> fields,
            std::string body = {}) {
    std::promise<Reply> answer;
    auto told = answer.get_future();
    send(code, 0, std::move(fields), std::move(body), &answer);
    return told.get();
  }
  /// The same, one-way.
  void tell(std::int32_t code, std::vector<std::pair<std::string, std::string>> fields,
            std::string body = {}) {
    send(code, wire::remoting::kFlagOneway, std::move(fields), std::move(body), nullptr);
  }

  /// A route to `topic` with `queues` queues on each of the brokers given by name and address.
  static Reply route(const std::map<std::string, std::string>& brokers, std::int32_t queues) {
    wire::remoting::TopicRoute route;
    for (const auto& [name, address] : brokers) {
      route.queues.push_back(
          {.broker_name = name, .read_queues = queues, .write_queues = queues, .perm = 6});
      route.brokers.push_back({.cluster = "c", .broker_name = name, .addresses = {{0, address}}});
    }
    Buffer body;
    route.encode(body, wire::remoting::NumberKeys::bare);
    return {.body = std::string(as_text(body.bytes()))};
  }

 private:
  class Session final : public net::Session {
   public:
    Session(TestServer& server, std::shared_ptr<net::Connection> connection)
        : server_(server), connection_(std::move(connection)) {
      server_.sessions_.insert(this);
    }
    ~Session() override { server_.sessions_.erase(this); }
    void send(const wire::remoting::FrameWriter::Head& header,
              const std::vector<std::pair<std::string, std::string>>& fields,
              const std::string& body) {
      if (!connection_) return;
      wire::remoting::FrameWriter writer(connection_->out().text(), header);
      for (const auto& [name, value] : fields) writer.field(name, std::string_view(value));
      writer.finish(body.size());
      connection_->out().text().append(std::string_view(body));
    }
    void flush() {
      if (connection_) connection_->flush();
    }
    Result<std::size_t> frame_size(Bytes bytes) override {
      return wire::remoting::frame_size(bytes);
    }
    void on_frames(std::span<const MutableBytes> frames) override {
      for (const MutableBytes frame : frames) answer(frame);
    }
    void on_closed() override { connection_.reset(); }

   private:
    void answer(MutableBytes frame) {
      wire::remoting::Command request;
      if (!wire::remoting::decode(frame, request)) return;
      if (request.is_response()) return server_.answered(request);
      const auto reply = server_.handle(request);
      if (!reply || request.is_oneway()) return;
      send({.code = reply->code,
            .opaque = request.opaque,
            .flag = wire::remoting::kFlagResponse,
            .remark = reply->remark},
           reply->fields, reply->body);
    }
    TestServer& server_;
    std::shared_ptr<net::Connection> connection_;
  };

  void send(std::int32_t code, std::int32_t flag,
            std::vector<std::pair<std::string, std::string>> fields, std::string body,
            std::promise<Reply>* answer) {
    reactors_.at(0).run_and_wait([&] {
      waiting_ = answer;
      for (Session* session : sessions_) {
        session->send({.code = code, .opaque = ++opaque_, .flag = flag}, fields, body);
        session->flush();
      }
    });
  }
  void answered(const wire::remoting::Command& answer) {
    if (auto* waiting = std::exchange(waiting_, nullptr)) {
      waiting->set_value({.code = answer.code,
                          .remark = std::string(answer.remark),
                          .body = std::string(as_text(answer.body))});
    }
  }

  std::optional<Reply> handle(const wire::remoting::Command& request) {
    {
      const std::lock_guard lock(mutex_);
      ++counts_[request.code];
    }
    const auto handler = handlers_.find(request.code);
    if (handler == handlers_.end()) return Reply{.code = 3, .remark = "no handler"};
    return handler->second(request);
  }

  std::set<Session*> sessions_;  ///< the reactor's
  std::promise<Reply>* waiting_ = nullptr;
  std::int32_t opaque_ = 1'000'000;
  net::ReactorPool reactors_{1};
  std::unique_ptr<net::Listener> listener_;
  std::uint16_t port_ = 0;  ///< other servers' threads name it, also while this one stops
  std::map<std::int32_t, Handler> handlers_;
  mutable std::mutex mutex_;
  std::map<std::int32_t, int> counts_;
};

}  // namespace sluice::client
