#include "doors/remoting/broker/ask_subscriptions.h"

#include <algorithm>

#include "base/log.h"
#include "doors/remoting/broker/connection_link.h"
#include "doors/remoting/broker/door.h"
#include "wire/json/reader.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/requests/groups.h"

namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr milliseconds kAskTimeout{3'000};

std::optional<delivery::Member> member_of(broker::Broker& broker, const delivery::Link* link,
                                          const std::string& group) {
  for (delivery::Member& member : broker.consumers().members(group)) {
    if (member.link.lock().get() == link) return std::move(member);
  }
  return std::nullopt;
}

/// As if a heartbeat had said so. `info` is what the client answered: ConsumerRunningInfo.
Result<void> take_over(BrokerDoor& door, const std::shared_ptr<delivery::Link>& link,
                       const std::string& group, std::string_view info) {
  broker::Broker& broker = door.broker();
  auto member = member_of(broker, link.get(), group);
  if (!member) return {};  // it has left
  SLUICE_TRY(const auto value, wire::json::parse(info));
  delivery::Hello hello{.client_id = std::move(member->client_id),
                        .address = std::move(member->address),
                        .language = std::move(member->language),
                        .version = member->version,
                        .group = group,
                        .type = member->type,
                        .model = member->model,
                        .from_where = std::move(member->from_where),
                        .subscriptions = {}};
  for (const auto& row : wire::json::array(value, "subscriptionSet")) {
    const SubscriptionData s = read_subscription(row);
    SLUICE_TRY(auto parsed, broker.parse_subscription(s.topic, s.expression, s.type, s.version));
    hello.subscriptions.push_back(std::move(parsed));
  }
  if (hello.subscriptions.empty()) return {};  // an old client, which does not say
  SLUICE_TRY(const bool changed, broker.consumer_hello(link, std::move(hello), door.clock().wall(),
                                                       door.clock().steady()));
  log::debug("subscriptions_asked", {{"group", group}, {"changed", changed}});
  return {};
}

}  // namespace

void ask_subscriptions(BrokerCall& call, std::string_view group) {
  const auto link = std::dynamic_pointer_cast<ConnectionLink>(call.session.link());
  const auto member = member_of(call.broker(), link.get(), std::string(group));
  if (!member || !link->begin_asking()) return;
  ClientRequest request{.code = GetRunningInfo::kCode,
                        .fields = {{"consumerGroup", std::string(group)},
                                   {"clientId", member->client_id},
                                   {"jstackEnable", "false"}},
                        .body = {}};
  link->calls()->start(std::move(request), kAskTimeout,
                       [&door = call.door(), weak = std::weak_ptr(link),
                        name = std::string(group)](Result<ClientAnswer> answer) {
                         const auto asked = weak.lock();
                         if (!asked) return;
                         asked->end_asking();
                         if (!answer || answer->code != kSuccess) return;
                         const auto done = take_over(door, asked, name, answer->body);
                         if (done) return;
                         log::warn("subscription_refused",
                                   {{"group", name}, {"why", done.error().remark()}});
                       });
}

}  // namespace sluice::doors
