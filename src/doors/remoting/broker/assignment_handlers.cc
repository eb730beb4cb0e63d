#include <fmt/format.h>

#include "broker/assignment.h"
#include "doors/remoting/broker/call.h"
#include "wire/remoting/bodies/assignment.h"
#include "wire/remoting/requests/assignment.h"

/// Which queues a member reads, decided by the broker, and whether it pulls or pops them.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

/// The topic's readable queues everywhere; nothing while they are not known or there is no topic.
std::optional<std::vector<broker::BrokerQueues>> brokers_of(BrokerCall& call,
                                                            std::string_view topic) {
  const auto& route = call.door().options().route;
  if (route && !call.broker().topics().is_light(topic)) return route(topic);
  const auto own = call.broker().topics().find(topic);
  if (!own || (own->perm() & broker::kPermRead) == 0) return std::nullopt;
  return std::vector<broker::BrokerQueues>{{call.broker().options().name, own->read_queues()}};
}

/// Nothing: the member keeps what it has.
std::optional<std::vector<broker::QueuePlace>> places_of(BrokerCall& call,
                                                         const AssignmentRequest& request,
                                                         broker::RequestModeSetting mode) {
  const auto brokers = brokers_of(call, request.topic);
  if (!brokers) return std::nullopt;
  if (request.broadcasting || !call.door().options().server_load_balancer) {
    return broker::all_queues(*brokers);
  }
  return broker::assign(
      {.client_id = request.client_id,
       .strategy = request.strategy,
       .mode = mode,
       .brokers = *brokers,
       .members = call.broker().consumers().peers(call.session.link().get(), request.group)});
}

Result<void> query_assignment(BrokerCall& call, const QueryAssignment&) {
  SLUICE_TRY(const auto request, AssignmentRequest::decode(call.command.body));
  const auto mode = call.broker().request_modes().find(request.topic, request.group);
  const auto places = places_of(call, request, mode);
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object();
    if (places) {
      out.key("messageQueueAssignments").begin_array();
      for (const broker::QueuePlace& place : *places) {
        write_assignment(out, request.topic, place.broker, place.queue_id,
                         request_mode_name(mode.mode));
      }
      out.end();
    }
    out.end();
  });
}

Result<void> set_mode(BrokerCall& call, const SetRequestMode&) {
  SLUICE_TRY(const auto body, RequestModeBody::decode(call.command.body));
  const auto mode = broker::parse_request_mode(body.mode);
  if (!mode) {
    return fail(Errc::invalid_argument,
                fmt::format("request mode {}: PULL and POP are allowed", body.mode));
  }
  SLUICE_CHECK(call.broker().request_modes().put(
      body.topic, body.group, {.mode = *mode, .pop_share_queues = body.pop_share_queues}));
  return call.ok();
}

Result<void> all_modes(BrokerCall& call, const GetAllRequestModes&) {
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object().key("messageRequestModeMap").begin_object();
    std::string_view topic;
    const auto entries = call.broker().request_modes().entries();
    for (const auto& entry : entries) {
      if (entry.topic != topic) {
        if (!topic.empty()) out.end();
        topic = entry.topic;
        out.key(topic).begin_object();
      }
      out.key(entry.group);
      write(out, RequestModeBody{.topic = entry.topic,
                                 .group = entry.group,
                                 .mode = std::string(request_mode_name(entry.setting.mode)),
                                 .pop_share_queues = entry.setting.pop_share_queues});
    }
    if (!topic.empty()) out.end();
    out.end().end();
  });
}

constexpr BrokerRow kRows[] = {
    broker_row<QueryAssignment, query_assignment>(),
    broker_row<SetRequestMode, set_mode>(),
    broker_row<GetAllRequestModes, all_modes>(),
};

}  // namespace

std::span<const BrokerRow> assignment_rows() { return kRows; }

}  // namespace sluice::doors
