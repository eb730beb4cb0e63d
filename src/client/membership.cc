#include "client/membership.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os/system_clock.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/requests/groups.h"

namespace sluice::client {

using namespace wire::remoting;

Membership::Membership(Cluster& cluster, std::string group, std::string topic,
                       std::string expression)
    : cluster_(cluster),
      group_(std::move(group)),
      topic_(std::move(topic)),
      expression_(std::move(expression)),
      client_id_(fmt::format("sluice@{}#{}", getpid(), unix_ms(SystemClock().wall()))),
      version_(unix_ms(SystemClock().wall())) {}

Result<std::unique_ptr<Membership>> Membership::join(Cluster& cluster, std::string group,
                                                     std::string topic, std::string expression) {
  std::unique_ptr<Membership> self(
      new Membership(cluster, std::move(group), std::move(topic), std::move(expression)));
  SLUICE_CHECK(self->check_alone());
  SLUICE_CHECK(self->beat());
  self->thread_ = std::jthread([m = self.get()](const std::stop_token& stop) {
    std::unique_lock lock(m->mutex_);
    while (!m->wake_.wait_for(lock, stop, kPeriod, [&] { return stop.stop_requested(); })) {
      if (stop.stop_requested()) return;
      if (auto ok = m->beat(); !ok) {
        log::warn("heartbeat_failed", {{"group", m->group_}, {"why", ok.error().remark()}});
      }
    }
  });
  return self;
}

Membership::~Membership() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  leave();
}

Result<std::vector<std::string>> Membership::brokers() {
  SLUICE_TRY(const TopicRoute route, cluster_.route(topic_));
  std::vector<std::string> addresses;
  for (const BrokerData& broker : route.brokers) {
    for (const auto& [id, address] : broker.addresses) addresses.push_back(address);
  }
  return addresses;
}

Result<void> Membership::check_alone() {
  GetConsumerList request;
  request.group = group_;
  SLUICE_TRY(const std::vector<std::string> addresses, brokers());
  for (const std::string& address : addresses) {
    auto answer = cluster_.remoting().call(address, request, {}, cluster_.timeout());
    if (!answer) return fail(std::move(answer.error()));
    if (!check(*answer)) continue;  // brokers refuse to list a group that nobody is in
    SLUICE_TRY(const wire::json::Value value, wire::json::parse(as_text(answer->command.body)));
    std::vector<std::string> members;
    for (const auto& member : wire::json::array(value, "consumerIdList")) {
      if (member.is_string()) members.push_back(member.get<std::string>());
    }
    if (members.empty()) continue;
    return fail(Errc::not_permitted,
                fmt::format("group {} has other consumers online: {}; messages would be read "
                            "twice. Stop them or name another group",
                            group_, fmt::join(members, ", ")));
  }
  return {};
}

Result<void> Membership::beat() {
  HeartbeatBody heartbeat;
  heartbeat.client_id = client_id_;
  heartbeat.consumers = {
      {.group = group_,
       .consume_type = 1,
       .message_model = 1,
       .from_where = "CONSUME_FROM_LAST_OFFSET",
       .subscriptions = {
           {.topic = topic_, .expression = expression_, .type = "TAG", .version = version_}}}};
  Buffer body;
  heartbeat.encode(body);
  SLUICE_TRY(const std::vector<std::string> addresses, brokers());
  for (const std::string& address : addresses) {
    SLUICE_TRY(const Answer answer,
               ask(cluster_.remoting(), address, HeartBeat{}, body.bytes(), cluster_.timeout()));
    static_cast<void>(answer);
  }
  return {};
}

void Membership::leave() {
  UnregisterClient request;
  request.client_id = client_id_;
  request.consumer_group = group_;
  const auto addresses = brokers();
  if (!addresses) return;
  for (const std::string& address : *addresses) {
    static_cast<void>(cluster_.remoting().call(address, request, {}, cluster_.timeout()));
  }
}

}  // namespace sluice::client
