#include "doors/remoting/broker/persisted_answer.h"
#include "doors/remoting/values.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/requests/groups.h"

namespace sluice::doors {

using namespace wire::remoting;

namespace {

Result<void> put_group(BrokerCall& call, const PutGroup&) {
  SLUICE_TRY(auto config, decode_group_config(call.command.body));
  SLUICE_CHECK(call.broker().groups().put(from_wire(std::move(config)), call.wall));
  return ok_when_persisted(call);
}

Result<void> put_groups(BrokerCall& call, const PutGroups&) {
  SLUICE_TRY(auto configs, decode_group_list(call.command.body));
  for (auto& config : configs) {
    SLUICE_CHECK(call.broker().groups().put(from_wire(std::move(config)), call.wall));
  }
  return ok_when_persisted(call);
}

Result<void> delete_group(BrokerCall& call, const DeleteGroup& request) {
  SLUICE_CHECK(call.broker().remove_group(request.group, request.clean_offset, call.wall));
  return ok_when_persisted(call);
}

Result<void> all_groups(BrokerCall& call, const GetAllGroups&) {
  const broker::Groups& groups = call.broker().groups();
  return call.ok_json([&groups](wire::json::Writer& out) {
    out.begin_object().key("dataVersion");
    write(out, to_wire(groups.version()));
    out.key("forbiddenTable").begin_object();
    for (const auto& config : groups.configs()) {
      if (config->forbidden.empty()) continue;
      out.key(config->name).begin_object();
      for (const auto& [topic, bits] : config->forbidden) out.member(topic, bits);
      out.end();
    }
    out.end();
    out.key("subscriptionGroupTable").begin_object();
    for (const auto& config : groups.configs()) {
      out.key(config->name);
      write(out, to_wire(*config));
    }
    out.end().end();
  });
}

/// Whether the group may read the topic, after a change if one is asked for.
Result<void> forbidden(BrokerCall& call, const GroupForbidden& request) {
  broker::Groups& groups = call.broker().groups();
  if (request.readable) {
    SLUICE_CHECK(groups.let_read(request.group, request.topic, *request.readable, call.wall));
    SLUICE_CHECK(call.broker().persist_tables());
  }
  const auto group = groups.find(request.group);
  if (!group) return fail(Errc::group_not_found);
  return call.ok_json([&](wire::json::Writer& out) {
    out.begin_object()
        .member("group", request.group)
        .member("topic", request.topic)
        .member("readable", group->may_read(request.topic))
        .end();
  });
}

Result<void> get_group(BrokerCall& call, const GetGroup& request) {
  SLUICE_TRY(const auto config, call.broker().groups().find_or_create(request.group, call.wall));
  return call.ok_json([&config](wire::json::Writer& out) { write(out, to_wire(*config)); });
}

Result<void> topics_of_group(BrokerCall& call, const QueryTopicsByConsumer& request) {
  TopicList list{.topics = call.broker().progress().topics(request.group), .broker_address = {}};
  Buffer& body = call.session.context().body;
  body.clear();
  list.encode(body);
  return call.ok_body(body.bytes());
}

constexpr BrokerRow kRows[] = {
    broker_row<PutGroup, put_group>(),       broker_row<PutGroups, put_groups>(),
    broker_row<DeleteGroup, delete_group>(), broker_row<GetAllGroups, all_groups>(),
    broker_row<GetGroup, get_group>(),       broker_row<QueryTopicsByConsumer, topics_of_group>(),
    broker_row<GroupForbidden, forbidden>(),
};

}  // namespace

std::span<const BrokerRow> group_rows() { return kRows; }

}  // namespace sluice::doors
