#include "doors/remoting/broker/persisted_answer.h"
#include "doors/remoting/values.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/requests/topics.h"

namespace sluice::doors {

using namespace wire::remoting;

namespace {

broker::TopicConfig config_of(const PutTopic& request) {
  return {.name = std::string(request.topic),
          .read_queues = request.read_queues,
          .write_queues = request.write_queues,
          .perm = request.perm,
          .filter_type = std::string(request.filter_type),
          .sys_flag = request.sys_flag,
          .order = request.order,
          .attributes = {}};
}

Result<void> put_topic(BrokerCall& call, const PutTopic& request) {
  SLUICE_TRY(const broker::Attributes changes, parse_attributes(request.attributes));
  SLUICE_CHECK(call.broker().topics().put(config_of(request), changes, call.wall));
  return ok_when_persisted(call);
}

Result<void> put_topics(BrokerCall& call, const PutTopics&) {
  SLUICE_TRY(auto configs, decode_topic_list(call.command.body));
  for (auto& config : configs) {
    const broker::Attributes changes = std::exchange(config.attributes, {});
    SLUICE_CHECK(call.broker().topics().put(from_wire(std::move(config)), changes, call.wall));
  }
  return ok_when_persisted(call);
}

Result<void> delete_topic(BrokerCall& call, const DeleteTopic& request) {
  auto removed = call.broker().remove_topic(request.topic, call.wall);
  call.door().forget_topic(request.topic);
  SLUICE_CHECK(std::move(removed));
  return ok_when_persisted(call);
}

Result<void> all_topics(BrokerCall& call, const GetAllTopics&) {
  return call.ok_json(
      [&call](wire::json::Writer& out) { write(out, topic_table(call.broker().topics())); });
}

Result<void> topic_config(BrokerCall& call, const GetTopicConfig& request) {
  const auto topic = call.broker().topics().find(request.topic);
  if (!topic) return fail(Errc::topic_not_found, "no topic " + std::string(request.topic));
  return call.ok_json([&topic](wire::json::Writer& out) { write(out, to_wire(*topic->config())); });
}

Result<void> system_topics(BrokerCall& call, const GetSystemTopicsFromBroker&) {
  TopicList list;
  for (const auto& config : call.broker().topics().configs()) {
    if (broker::is_system_topic(config->name)) list.topics.push_back(config->name);
  }
  Buffer& body = call.session.context().body;
  body.clear();
  list.encode(body);
  return call.ok_body(body.bytes());
}

Result<void> topic_consumers(BrokerCall& call, const QueryTopicConsumers& request) {
  std::vector<std::string> groups = call.broker().consumers().groups_of_topic(request.topic);
  for (std::string& group : call.broker().progress().groups(request.topic)) {
    if (std::ranges::find(groups, group) == groups.end()) groups.push_back(std::move(group));
  }
  return call.ok_json(
      [&groups](wire::json::Writer& out) { write_text_list(out, "groupList", groups); });
}

constexpr BrokerRow kRows[] = {
    broker_row<PutTopic, put_topic>(),
    broker_row<PutTopics, put_topics>(),
    broker_row<DeleteTopic, delete_topic>(),
    broker_row<GetAllTopics, all_topics>(),
    broker_row<GetTopicConfig, topic_config>(),
    broker_row<GetSystemTopicsFromBroker, system_topics>(),
    broker_row<QueryTopicConsumers, topic_consumers>(),
};

}  // namespace

std::span<const BrokerRow> topic_rows() { return kRows; }

}  // namespace sluice::doors
