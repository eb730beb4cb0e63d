#include <algorithm>

#include "base/log.h"
#include "doors/remoting/broker/call.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/requests/groups.h"

/// Heartbeats and who is in which group.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

delivery::Hello hello_of(const BrokerCall& call, const HeartbeatBody& body, ConsumerData& data) {
  delivery::Hello hello{.client_id = body.client_id,
                        .address = call.session.connection().peer().text(),
                        .language = std::string(language_name(call.command.language)),
                        .version = call.command.version,
                        .group = std::move(data.group),
                        .type = static_cast<delivery::ConsumeType>(data.consume_type),
                        .model = static_cast<delivery::MessageModel>(data.message_model),
                        .from_where = std::move(data.from_where),
                        .subscriptions = {}};
  for (const SubscriptionData& s : data.subscriptions) {
    auto parsed = call.broker().parse_subscription(s.topic, s.expression, s.type, s.version);
    if (parsed) {
      hello.subscriptions.push_back(std::move(*parsed));
    } else {
      log::warn("subscription_refused",
                {{"group", hello.group}, {"topic", s.topic}, {"why", parsed.error().remark()}});
    }
  }
  return hello;
}

void hello_producers(const BrokerCall& call, const HeartbeatBody& body) {
  for (const std::string& group : body.producer_groups) {
    call.broker().producers().hello(call.session.link(), group,
                                    {.client_id = body.client_id,
                                     .address = call.session.connection().peer().text(),
                                     .language = std::string(language_name(call.command.language)),
                                     .version = call.command.version,
                                     .seen = call.steady,
                                     .link = call.session.link()});
  }
}

/// Differing members are served each by its own subscription, but hardly on purpose.
void warn_of_contradiction(const BrokerCall& call, const std::string& group) {
  const auto found = call.broker().consumers().contradiction(group);
  if (!found) return;
  log::warn("subscriptions_differ", {{"group", group},
                                     {"topic", found->topic},
                                     {"client", found->one.client_id},
                                     {"expression", found->one.expression},
                                     {"other_client", found->other.client_id},
                                     {"other_expression", found->other.expression}});
}

Result<void> heartbeat(BrokerCall& call, const HeartBeat&) {
  SLUICE_TRY(HeartbeatBody body, HeartbeatBody::decode(call.command.body));
  hello_producers(call, body);
  if (body.without_subscriptions) {
    const bool known = body.consumers.empty() ||
                       call.broker().consumers().refresh(call.session.link().get(), call.steady);
    return call.ok(HeartBeatResponse{.changed = !known});
  }
  bool changed = false;
  for (ConsumerData& consumer : body.consumers) {
    const std::string consumer_group = consumer.group;
    const auto hello = call.broker().consumer_hello(
        call.session.link(), hello_of(call, body, consumer), call.wall, call.steady);
    if (hello) {
      changed |= *hello;
      if (*hello) warn_of_contradiction(call, consumer_group);
    } else {
      log::warn("consumer_refused", {{"client", body.client_id}, {"why", hello.error().remark()}});
    }
  }
  return call.ok(HeartBeatResponse{.changed = changed});
}

Result<void> unregister(BrokerCall& call, const UnregisterClient& request) {
  const delivery::Link* const link = call.session.link().get();
  if (!request.producer_group.empty()) {
    call.broker().producers().leave(link, request.producer_group);
  }
  if (!request.consumer_group.empty()) {
    call.broker().consumers().leave(link, request.consumer_group);
  }
  return call.ok();
}

Result<void> consumer_list(BrokerCall& call, const GetConsumerList& request) {
  const std::vector<std::string> ids =
      call.broker().consumers().peers(call.session.link().get(), request.group);
  if (ids.empty()) {
    return call.answer(kSystemError, "no consumer for this group, " + std::string(request.group));
  }
  return call.ok_json(
      [&ids](wire::json::Writer& out) { write_text_list(out, "consumerIdList", ids); });
}

void write_connection(wire::json::Writer& out, std::string_view client_id, std::string_view address,
                      std::string_view language, std::int32_t version) {
  out.begin_object()
      .member("clientAddr", address)
      .member("clientId", client_id)
      .member("language", language)
      .member("version", version)
      .end();
}

/// As write_connection, and what the member itself subscribes to, which Apache's answers lack.
void write_member(wire::json::Writer& out, const delivery::Member& m) {
  out.begin_object()
      .member("clientAddr", m.address)
      .member("clientId", m.client_id)
      .member("language", m.language)
      .key("subscriptions")
      .begin_object();
  for (const auto& [topic, subscription] : m.subscriptions) {
    out.member(topic, subscription->expression);
  }
  out.end().member("version", m.version).end();
}

void write_subscription(wire::json::Writer& out, const delivery::Subscription& s) {
  write(out, SubscriptionData{s.topic, s.expression, s.type, s.version}, s.tags, s.codes);
}

/// Members may differ in what they subscribe to; the newest of each topic is shown.
std::map<std::string, std::shared_ptr<const delivery::Subscription>> newest_subscriptions(
    const std::vector<delivery::Member>& members) {
  std::map<std::string, std::shared_ptr<const delivery::Subscription>> newest;
  for (const delivery::Member& member : members) {
    for (const auto& [topic, subscription] : member.subscriptions) {
      auto& shown = newest[topic];
      if (!shown || shown->version < subscription->version) shown = subscription;
    }
  }
  return newest;
}

Result<void> consumer_connections(BrokerCall& call, const GetConsumerConnections& request) {
  const std::vector<delivery::Member> members = call.broker().consumers().members(request.group);
  if (members.empty()) {
    return call.answer(kConsumerNotOnline, "the consumer group " + std::string(request.group) +
                                               " has no online member");
  }
  return call.ok_json([&members](wire::json::Writer& out) {
    out.begin_object().key("connectionSet").begin_array();
    for (const auto& m : members) write_member(out, m);
    const delivery::Member& first = members.front();
    out.end()
        .member("consumeFromWhere", first.from_where)
        .member("consumeType", consume_type_name(static_cast<std::int32_t>(first.type)))
        .member("messageModel", message_model_name(static_cast<std::int32_t>(first.model)))
        .key("subscriptionTable")
        .begin_object();
    for (const auto& [topic, subscription] : newest_subscriptions(members)) {
      out.key(topic);
      write_subscription(out, *subscription);
    }
    out.end().end();
  });
}

Result<void> producer_connections(BrokerCall& call, const GetProducerConnections& request) {
  const auto producers = call.broker().producers().producers(request.group);
  if (producers.empty()) {
    return call.answer(
        kSystemError, "the producer group " + std::string(request.group) + " has no online member");
  }
  return call.ok_json([&producers](wire::json::Writer& out) {
    out.begin_object().key("connectionSet").begin_array();
    for (const auto& p : producers) {
      write_connection(out, p.client_id, p.address, p.language, p.version);
    }
    out.end().end();
  });
}

Result<void> query_subscription(BrokerCall& call, const QuerySubscription& request) {
  const auto found = call.broker().consumers().subscription(nullptr, request.group, request.topic);
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object().member("group", request.group);
    if (found.subscription) {
      out.key("subscriptionData");
      write_subscription(out, *found.subscription);
    }
    out.member("topic", request.topic).end();
  });
}

/// Clients ask this at their start for expressions that are not tags.
Result<void> check_client_config(BrokerCall& call, const CheckClientConfig&) {
  SLUICE_TRY(const wire::json::Value body, wire::json::parse(as_text(call.command.body)));
  const SubscriptionData s = read_subscription(wire::json::object(body, "subscriptionData"));
  if (auto ok = call.broker().parse_subscription(s.topic, s.expression, s.type, s.version); !ok) {
    return fail(std::move(ok.error()));
  }
  return call.ok();
}

constexpr BrokerRow kRows[] = {
    broker_row<HeartBeat, heartbeat>(),
    broker_row<UnregisterClient, unregister>(),
    broker_row<GetConsumerList, consumer_list>(),
    broker_row<GetConsumerConnections, consumer_connections>(),
    broker_row<GetProducerConnections, producer_connections>(),
    broker_row<QuerySubscription, query_subscription>(),
    broker_row<CheckClientConfig, check_client_config>(),
};

}  // namespace

std::span<const BrokerRow> member_rows() { return kRows; }

}  // namespace sluice::doors
