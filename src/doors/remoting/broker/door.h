#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os/worker_pool.h"
#include "broker/assignment.h"
#include "broker/broker.h"
#include "doors/remoting/broker/rates.h"
#include "net/listener.h"

/// The broker's door for RocketMQ remoting clients: sends, pulls, heartbeats, administration.
namespace sluice::doors {

class ReactorContext;

struct BrokerDoorOptions {
  net::ListenOptions listen;
  wire::record::Host store_host;      ///< in message ids, as in the records
  std::string advertised;             ///< `host:port` that admin answers name
  milliseconds flush_timeout{5'000};  ///< syncFlushTimeout: a send is answered late at most
  milliseconds slow_request{0};       ///< slowRequestMs: a send is slow from here on; 0: none
  std::function<std::string()> config_text;  ///< the settings as `key=value` lines
  std::string version_name = "sluice";
  /// A topic's readable queues at all brokers; nothing while they are not known. Empty: this broker
  /// is the only one. Any thread; does not wait.
  std::function<std::optional<std::vector<broker::BrokerQueues>>(std::string_view topic)> route;
  /// Where reads go that must wait for the disk; outlives the door, and is stopped after close().
  /// Null: they wait where they are, on their reactor.
  WorkerPool* cold_readers = nullptr;
  /// serverLoadBalancerEnable: queues are shared out among members; otherwise everybody reads all.
  bool server_load_balancer = true;
};

/// Threads: made and closed by one thread; everything else happens on the reactors.
class BrokerDoor {
 public:
  /// Listens and serves at once. broker, clock and reactors outlive the door. Errors: those of
  /// net::Listener::open.
  static Result<std::unique_ptr<BrokerDoor>> open(broker::Broker& broker, Clock& clock,
                                                  net::ReactorPool& reactors,
                                                  BrokerDoorOptions options);
  ~BrokerDoor();

  std::uint16_t port() const { return listener_->port(); }
  /// Any thread: wakes the pulls that wait for queues which grew without a client's doing, when the
  /// store has confirmed `until`. `topics` keep the queues alive.
  void announce(std::vector<std::shared_ptr<broker::Topic>> topics,
                std::vector<broker::TopicQueue*> queues, LogPosition until);
  /// Any thread: the group has messages that its parked pops do not know of.
  void announce(const std::shared_ptr<broker::GroupLeases>& group);
  /// Any thread: the topic was removed, so no reactor is to hold it longer than its sends need it.
  void forget_topic(std::string_view name);
  /// Accepts no more and closes every connection. Before the reactors stop.
  void close();

  broker::Broker& broker() { return broker_; }
  const Clock& clock() const { return clock_; }
  const BrokerDoorOptions& options() const { return options_; }
  WallTime started() const { return started_; }
  Rates& rates() { return rates_; }
  ReactorContext& context(std::size_t reactor) { return *contexts_[reactor]; }
  std::size_t reactors() const { return contexts_.size(); }

 private:
  BrokerDoor(broker::Broker& broker, Clock& clock, net::ReactorPool& reactors,
             BrokerDoorOptions options);

  broker::Broker& broker_;
  Clock& clock_;
  net::ReactorPool& reactors_;
  const BrokerDoorOptions options_;
  const WallTime started_;
  Rates rates_;
  std::vector<std::unique_ptr<ReactorContext>> contexts_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace sluice::doors
