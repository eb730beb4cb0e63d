#include "client/engine/route_view.h"

#include <algorithm>

#include "base/numbers.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

constexpr std::int32_t kPermRead = 4, kPermWrite = 2;

const BrokerData* broker_of(const TopicRoute& route, std::string_view name) {
  const auto found = std::ranges::find(route.brokers, name, &BrokerData::broker_name);
  return found == route.brokers.end() ? nullptr : &*found;
}

const std::string* master_of(const TopicRoute& route, std::string_view name) {
  const BrokerData* broker = broker_of(route, name);
  if (broker == nullptr) return nullptr;
  const auto master = broker->addresses.find(0);
  return master == broker->addresses.end() ? nullptr : &master->second;
}

void add_writable(RouteView& view, const std::string& topic, const std::string& broker,
                  std::int32_t count) {
  const std::string* address = master_of(view.route, broker);
  if (address == nullptr) return;
  for (std::int32_t id = 0; id < count; ++id) {
    view.writable.push_back({{topic, broker, id}, *address});
  }
}

/// `broker-a:4;broker-b:4`
void add_ordered(RouteView& view, const std::string& topic) {
  std::string_view rest = view.route.order_conf;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) continue;
    const auto count = parse_number<std::int32_t>(part.substr(colon + 1));
    add_writable(view, topic, std::string(part.substr(0, colon)), count.value_or(0));
  }
}

}  // namespace

std::shared_ptr<const RouteView> RouteView::of(const std::string& topic, TopicRoute route,
                                               std::int32_t borrowed_queues) {
  auto view = std::make_shared<RouteView>();
  view->route = std::move(route);
  std::ranges::sort(view->route.queues, {}, &QueueData::broker_name);
  std::ranges::sort(view->route.brokers, {}, &BrokerData::broker_name);
  if (!view->route.order_conf.empty()) add_ordered(*view, topic);
  for (const QueueData& data : view->route.queues) {
    if ((data.perm & kPermWrite) != 0 && view->route.order_conf.empty()) {
      const std::int32_t count =
          borrowed_queues > 0 ? std::min(borrowed_queues, data.read_queues) : data.write_queues;
      add_writable(*view, topic, data.broker_name, count);
    }
    if ((data.perm & kPermRead) == 0 || borrowed_queues > 0) continue;
    for (std::int32_t id = 0; id < data.read_queues; ++id) {
      view->readable.push_back({topic, data.broker_name, id});
    }
  }
  return view;
}

std::string RouteView::address_of(const std::string& broker, std::int64_t id) const {
  const BrokerData* data = broker_of(route, broker);
  if (data == nullptr || data->addresses.empty()) return {};
  for (const std::int64_t wanted : {id, std::int64_t{0}}) {
    const auto found = data->addresses.find(wanted);
    if (found != data->addresses.end()) return found->second;
  }
  return data->addresses.begin()->second;
}

std::vector<std::string> RouteView::addresses() const {
  std::vector<std::string> all;
  for (const BrokerData& broker : route.brokers) {
    if (!broker.addresses.empty()) all.push_back(broker.addresses.begin()->second);
  }
  return all;
}

}  // namespace sluice::client
