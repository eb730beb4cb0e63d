#include "app/serve/route_source.h"

#include <algorithm>

#include "base/log.h"
#include "broker/topics.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/requests/names.h"

namespace sluice::app {
namespace {

constexpr std::int32_t kPermRead = 4;

/// Either name server's queue data.
template <class QueueData>
std::vector<broker::BrokerQueues> readable(const std::vector<QueueData>& queues) {
  std::vector<broker::BrokerQueues> brokers;
  for (const QueueData& data : queues) {
    if ((data.perm & kPermRead) == 0) continue;
    brokers.push_back({data.broker_name, std::clamp(data.read_queues, 0, broker::kQueuesMax)});
  }
  return brokers;
}

}  // namespace

/// What answers need that arrive after the source is gone.
struct RouteSource::Shared {
  Shared(net::Reactor& reactor, const Clock& now) : clock(now), remoting(reactor) {}

  const Clock& clock;
  std::vector<std::string> servers;
  std::mutex mutex;
  std::map<std::string, Known, std::less<>> topics;
  client::Remoting remoting;
};

RouteSource::RouteSource(net::Reactor& reactor, const Clock& clock, const naming::NameServer* names,
                         const std::vector<net::Endpoint>& servers)
    : names_(names), shared_(std::make_shared<Shared>(reactor, clock)) {
  for (const net::Endpoint& server : servers) {
    shared_->servers.push_back(server.host + ':' + std::to_string(server.port));
  }
}

RouteSource::~RouteSource() = default;

std::optional<std::vector<broker::BrokerQueues>> RouteSource::find(std::string_view topic) {
  if (shared_->servers.empty()) return find_here(topic);
  const SteadyTime now = shared_->clock.steady();
  std::optional<std::vector<broker::BrokerQueues>> brokers;
  {
    std::lock_guard lock(shared_->mutex);
    auto known = shared_->topics.find(topic);
    if (known == shared_->topics.end()) {
      if (shared_->topics.size() >= kTopicsMax) shared_->topics.clear();
      known = shared_->topics.try_emplace(std::string(topic)).first;
    } else if (now < known->second.ask_again) {
      return known->second.brokers;
    }
    known->second.ask_again = now + kRefresh;
    brokers = known->second.brokers;
  }
  ask(shared_, std::string(topic), 0);
  return brokers;
}

std::optional<std::vector<broker::BrokerQueues>> RouteSource::find_here(
    std::string_view topic) const {
  if (!names_) return std::nullopt;
  const auto route = names_->routes().route(topic);
  if (!route) return std::nullopt;
  return readable(route->queues);
}

void RouteSource::ask(const std::shared_ptr<Shared>& shared, std::string topic,
                      std::size_t server) {
  wire::remoting::GetRoute request;
  request.topic = topic;
  request.standard_json = true;
  shared->remoting.start(
      shared->servers[server], request, {}, client::kCallTimeout,
      [weak = std::weak_ptr(shared), topic, server](Result<client::Answer> answer) {
        const auto self = weak.lock();
        if (!self) return;
        if (answer) return take(*self, topic, *answer);
        if (server + 1 < self->servers.size()) return ask(self, topic, server + 1);
        log::warn("route_not_learnt", {{"topic", topic}, {"why", answer.error().remark()}});
        retry_soon(*self, topic, /*forget=*/false);
      });
}

void RouteSource::take(Shared& shared, const std::string& topic, const client::Answer& answer) {
  if (!client::check(answer)) return retry_soon(shared, topic, /*forget=*/true);
  const auto route = wire::remoting::TopicRoute::decode(answer.command.body);
  if (!route) return retry_soon(shared, topic, /*forget=*/false);
  std::lock_guard lock(shared.mutex);
  shared.topics[topic].brokers = readable(route->queues);
}

void RouteSource::retry_soon(Shared& shared, const std::string& topic, bool forget) {
  std::lock_guard lock(shared.mutex);
  Known& known = shared.topics[topic];
  known.ask_again = shared.clock.steady() + kRetry;
  if (forget) known.brokers.reset();
}

}  // namespace sluice::app
