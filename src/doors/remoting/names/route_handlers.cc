#include <fmt/format.h>

#include "doors/remoting/names/session.h"
#include "doors/remoting/names/values.h"
#include "wire/remoting/requests/names.h"

/// What clients and tools ask the name server about topics and brokers.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr std::int32_t kStandardJsonVersion = 401;  // 4.9.4: clients that read quoted number keys

Result<void> get_route(NameCall& call, const GetRoute& request) {
  const bool zoned = call.command.ext.get("__ZONE_MODE") == "true";
  const std::string_view zone = zoned ? call.command.ext.get("__ZONE_NAME") : std::string_view{};
  const auto route = call.names().route(request.topic, zone);
  if (!route) {
    return fail(Errc::topic_not_found,
                fmt::format("No topic route info in name server for the topic: {}", request.topic));
  }
  const bool standard = request.standard_json || call.command.version >= kStandardJsonVersion;
  Buffer body;
  to_wire(*route, call.local_host()).encode(body, standard ? NumberKeys::quoted : NumberKeys::bare);
  return call.ok_body(body.bytes());
}

Result<void> cluster_info(NameCall& call, const GetClusterInfo&) {
  Buffer body;
  to_wire(call.names().routes().cluster_info(), call.local_host()).encode(body);
  return call.ok_body(body.bytes());
}

Result<void> broker_members(NameCall& call, const GetBrokerMembers& request) {
  Buffer body;
  encode_broker_members(
      body, to_wire(call.names().routes().member_group(request.cluster, request.broker_name),
                    call.local_host()));
  return call.ok_body(body.bytes());
}

Result<void> answer_list(NameCall& call, naming::TopicList list) {
  Buffer body;
  to_wire(std::move(list), call.local_host()).encode(body);
  return call.ok_body(body.bytes());
}

Result<void> all_topics(NameCall& call, const GetAllTopicsFromNames&) {
  return answer_list(call, call.names().routes().topics());
}
Result<void> topics_of_cluster(NameCall& call, const GetTopicsByCluster& request) {
  return answer_list(call, call.names().routes().topics_of_cluster(request.cluster));
}
Result<void> system_topics(NameCall& call, const GetSystemTopicsFromNames&) {
  return answer_list(call, call.names().routes().system_topics());
}
Result<void> unit_topics(NameCall& call, const GetUnitTopics&) {
  return answer_list(call, call.names().routes().unit_topics());
}
Result<void> unit_sub_topics(NameCall& call, const GetUnitSubTopics&) {
  return answer_list(call, call.names().routes().unit_sub_topics());
}
Result<void> unit_sub_ununit_topics(NameCall& call, const GetUnitSubUnunitTopics&) {
  return answer_list(call, call.names().routes().unit_sub_without_unit_topics());
}

constexpr NameRow kRows[] = {
    name_row<GetRoute, get_route>(),
    name_row<GetClusterInfo, cluster_info>(),
    name_row<GetBrokerMembers, broker_members>(),
    name_row<GetAllTopicsFromNames, all_topics>(),
    name_row<GetTopicsByCluster, topics_of_cluster>(),
    name_row<GetSystemTopicsFromNames, system_topics>(),
    name_row<GetUnitTopics, unit_topics>(),
    name_row<GetUnitSubTopics, unit_sub_topics>(),
    name_row<GetUnitSubUnunitTopics, unit_sub_ununit_topics>(),
};

}  // namespace

std::span<const NameRow> route_rows() { return kRows; }

}  // namespace sluice::doors
