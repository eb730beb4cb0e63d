#pragma once

#include "naming/kv_config.h"
#include "naming/route_tables.h"

/// The name server as doors call it.
/// The name server as one object.
namespace sluice::naming {

struct NameServerOptions {
  RouteRules routes;
  /// orderMessageEnable: routes carry the order configuration of their topic.
  bool order_conf_in_routes = false;
  /// returnOrderTopicConfigToBroker
  bool order_conf_to_brokers = true;
};

/// A name server: route tables and KV configuration, and the two places where they meet. Everything
/// else is asked of routes() and kv() directly. Thread-safe.
class NameServer {
 public:
  explicit NameServer(NameServerOptions options = {});

  RouteTables& routes() { return routes_; }
  const RouteTables& routes() const { return routes_; }
  KvConfig& kv() { return kv_; }
  const KvConfig& kv() const { return kv_; }

  /// RouteTables::register_broker; the reply carries the ordered topics.
  Result<RegistrationReply> register_broker(const BrokerRegistration& registration, SteadyTime now);
  /// RouteTables::route, with the topic's order configuration where options ask for it.
  Result<TopicRoute> route(std::string_view topic, std::string_view zone = {}) const;

 private:
  const NameServerOptions options_;
  RouteTables routes_;
  KvConfig kv_;
};

}  // namespace sluice::naming
