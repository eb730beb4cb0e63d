#include "app/serve/registrar.h"

#include <optional>

#include "base/log.h"
#include "doors/remoting/names/values.h"
#include "doors/remoting/values.h"
#include "net/listener.h"
#include "wire/remoting/requests/names.h"
#include "wire/remoting/response_code.h"

namespace sluice::app {

using namespace wire::remoting;

Result<void> register_here(naming::NameServer& names, const broker::Broker& broker,
                           const BrokerIdentity& identity, SteadyTime now) {
  const TopicTable table = doors::topic_table(broker.topics());
  naming::BrokerRegistration registration{
      .cluster = identity.cluster,
      .broker_name = identity.name,
      .broker_id = identity.id,
      .address = identity.host.empty() ? naming::BrokerAddress::same_host(identity.port)
                                       : naming::BrokerAddress::fixed(
                                             identity.host + ':' + std::to_string(identity.port)),
      .ha_address = {},
      .zone = {},
      .enable_acting_master = false,
      .heartbeat_timeout = {},
      .version = doors::from_wire(table.version),
      .topics = doors::entries_of(table)};
  SLUICE_TRY(const auto reply, names.register_broker(registration, now));
  static_cast<void>(reply);
  return {};
}

/// The connection to one name server. Thread: the reactor's.
class Registrar::Link : public std::enable_shared_from_this<Link> {
 public:
  Link(net::Reactor& reactor, broker::Broker& broker, const BrokerIdentity& identity,
       net::Endpoint server)
      : reactor_(reactor),
        broker_(broker),
        identity_(identity),
        server_(std::move(server)),
        timer_(reactor, [this] { refresh(); }) {}

  void refresh() {
    if (closed_) return;
    timer_.arm(connection_ ? kPeriod : kRetry);
    if (connection_) return send_registration();
    if (!connecting_) connect();
  }

  void close() {
    closed_ = true;
    timer_.cancel();
    if (!connection_) return;
    UnregisterBroker request;
    const std::string address = own_address();
    fill(request, address);
    FrameWriter frame(connection_->out().text(),
                      {.code = UnregisterBroker::kCode, .flag = kFlagOneway});
    UnregisterBroker::Wire::encode(request, frame);
    frame.finish();
    connection_->flush();
    std::exchange(connection_, nullptr)->close();
  }

 private:
  /// Reads the name server's answers, to tell of refusals.
  class Answers final : public net::Session {
   public:
    explicit Answers(std::weak_ptr<Link> link) : link_(std::move(link)) {}
    Result<std::size_t> frame_size(Bytes bytes) override {
      return wire::remoting::frame_size(bytes);
    }
    void on_frames(std::span<const MutableBytes> frames) override {
      const auto link = link_.lock();
      Command answer;
      for (const MutableBytes frame : frames) {
        if (link && decode(frame, answer)) link->on_answer(answer);
      }
    }
    void on_closed() override {
      if (const auto link = link_.lock()) link->on_closed();
    }

   private:
    std::weak_ptr<Link> link_;
  };

  void connect() {
    connecting_ = true;
    net::connect(
        reactor_, server_, milliseconds(3'000), {},
        [weak = weak_from_this()](const auto&) { return std::make_unique<Answers>(weak); },
        [weak = weak_from_this()](Result<std::shared_ptr<net::Connection>> connection) {
          if (const auto link = weak.lock()) link->on_connected(std::move(connection));
        });
  }

  void on_connected(Result<std::shared_ptr<net::Connection>> connection) {
    connecting_ = false;
    if (!connection) return tell(false, connection.error().remark());
    if (closed_) return (*connection)->close();
    connection_ = std::move(*connection);
    refresh();
  }

  void on_closed() {
    connection_ = nullptr;
    tell(false, "the connection was closed");
    if (!closed_) timer_.arm(kRetry);
  }

  void on_answer(const Command& answer) {
    if (answer.is_response()) tell(answer.code == kSuccess, answer.remark);
  }

  /// One line whenever it changes whether the broker is registered.
  void tell(bool registered, std::string_view why) {
    if (registered_ == registered || closed_) return;
    registered_ = registered;
    const std::string server = server_.host + ':' + std::to_string(server_.port);
    if (registered) {
      log::info("registered", {{"name_server", server}, {"as", own_address()}});
    } else {
      log::warn("not_registered", {{"name_server", server}, {"why", why}});
    }
  }

  std::string own_address() const {
    const std::string host =
        identity_.host.empty() && connection_ ? connection_->local().host() : identity_.host;
    return host + ':' + std::to_string(identity_.port);
  }

  void fill(BrokerQuery& request, const std::string& address) const {
    request.broker_name = identity_.name;
    request.cluster = identity_.cluster;
    request.broker_id = identity_.id;
    request.address = address;
  }

  void send_registration() {
    Buffer body;
    encode_register_body(body, doors::topic_table(broker_.topics()));
    RegisterBroker request;
    const std::string address = own_address();
    fill(request, address);
    request.ha_address = address;
    FrameWriter frame(connection_->out().text(),
                      {.code = RegisterBroker::kCode, .opaque = ++opaque_});
    RegisterBroker::Wire::encode(request, frame);
    frame.finish(body.size());
    connection_->out().text().append(body.bytes());
    connection_->flush();
  }

  net::Reactor& reactor_;
  broker::Broker& broker_;
  const BrokerIdentity identity_;
  const net::Endpoint server_;
  net::Timer timer_;
  std::shared_ptr<net::Connection> connection_;
  std::optional<bool> registered_;
  std::int32_t opaque_ = 0;
  bool connecting_ = false;
  bool closed_ = false;
};

Registrar::Registrar(net::Reactor& reactor, broker::Broker& broker, const BrokerIdentity& identity,
                     std::vector<net::Endpoint> servers)
    : reactor_(reactor) {
  for (net::Endpoint& server : servers) {
    links_.push_back(std::make_shared<Link>(reactor, broker, identity, std::move(server)));
  }
  topics_changed();
}

Registrar::~Registrar() { close(); }

void Registrar::topics_changed() {
  if (links_.empty() || posted_.exchange(true)) return;
  reactor_.post([this] {
    posted_.store(false);
    for (const auto& link : links_) link->refresh();
  });
}

void Registrar::close() {
  reactor_.run_and_wait([this] {
    for (const auto& link : links_) link->close();
    links_.clear();
  });
}

}  // namespace sluice::app
