#include "naming/name_server.h"

namespace sluice::naming {

NameServer::NameServer(NameServerOptions options) : options_(options), routes_(options.routes) {}

Result<RegistrationReply> NameServer::register_broker(const BrokerRegistration& registration,
                                                      SteadyTime now) {
  SLUICE_TRY(RegistrationReply reply, routes_.register_broker(registration, now));
  if (options_.order_conf_to_brokers && reply.accepted) {
    if (auto order = kv_.list(kOrderTopicNamespace)) {
      reply.order_topics = {order->begin(), order->end()};
    }
  }
  return reply;
}

Result<TopicRoute> NameServer::route(std::string_view topic, std::string_view zone) const {
  SLUICE_TRY(TopicRoute route, routes_.route(topic, zone));
  if (options_.order_conf_in_routes) route.order_conf = kv_.get(kOrderTopicNamespace, topic);
  return route;
}

}  // namespace sluice::naming
