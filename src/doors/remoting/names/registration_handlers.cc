#include <fmt/format.h>

#include "base/crc32.h"
#include "base/log.h"
#include "doors/remoting/names/session.h"
#include "doors/remoting/names/values.h"
#include "wire/remoting/requests/names.h"

/// What brokers tell the name server.
namespace sluice::doors {

using namespace wire::remoting;

namespace {

constexpr std::int32_t kActingMasterVersion = 413;  // 5.0.0: brokers that know the option

Result<void> check_crc(const RegisterBroker& request, Bytes body) {
  if (request.body_crc == 0 || (crc32(body) & 0x7fffffffu) == request.body_crc) return {};
  return fail(Errc::malformed, "REGISTER_BROKER: the body's CRC does not match bodyCrc32");
}

naming::BrokerRegistration registration_of(const NameCall& call, const RegisterBroker& request,
                                           const TopicTable& table) {
  naming::BrokerRegistration out{
      .cluster = std::string(request.cluster),
      .broker_name = std::string(request.broker_name),
      .broker_id = request.broker_id,
      .address = naming::BrokerAddress::fixed(std::string(request.address)),
      .ha_address = naming::BrokerAddress::fixed(std::string(request.ha_address)),
      .zone = std::string(request.zone),
      .enable_acting_master = {},
      .heartbeat_timeout = {},
      .version = from_wire(table.version),
      .topics = entries_of(table),
      .connection = call.session.id()};
  if (call.command.version >= kActingMasterVersion)
    out.enable_acting_master = request.acting_master;
  if (request.heartbeat_timeout_ms.value_or(0) > 0) {
    out.heartbeat_timeout = milliseconds(*request.heartbeat_timeout_ms);
  }
  return out;
}

Result<void> register_broker(NameCall& call, const RegisterBroker& request) {
  SLUICE_CHECK(check_crc(request, call.command.body));
  SLUICE_TRY(const TopicTable table, decode_register_body(call.command.body, request.compressed));
  SLUICE_TRY(const auto reply,
             call.names().register_broker(registration_of(call, request, table), call.now));
  log::debug("broker_registered", {{"broker", request.broker_name},
                                   {"address", request.address},
                                   {"topics", table.topics.size()}});
  const std::string ha =
      reply.ha_address.empty() ? "" : reply.ha_address.seen_from(call.local_host());
  const std::string master =
      reply.master_address.empty() ? "" : reply.master_address.seen_from(call.local_host());
  Buffer body;
  encode_kv_table(body, reply.order_topics);
  return call.ok(RegisterBrokerResponse{.ha_address = ha, .master_address = master}, body.bytes());
}

Result<void> unregister_broker(NameCall& call, const UnregisterBroker& request) {
  call.names().routes().unregister_broker(
      request.cluster, request.broker_name, request.broker_id,
      naming::BrokerAddress::fixed(std::string(request.address)));
  return call.ok();
}

Result<void> query_version(NameCall& call, const QueryDataVersion& request) {
  SLUICE_TRY(const wire::json::Value value, wire::json::parse(as_text(call.command.body)));
  const auto answer = call.names().routes().query_version(
      request.cluster, naming::BrokerAddress::fixed(std::string(request.address)),
      from_wire(read_data_version(value)), call.now);
  Buffer body;
  if (answer.known) {
    wire::json::Writer out(body);
    write(out, to_wire(*answer.known));
  }
  return call.ok(QueryDataVersionResponse{answer.changed}, body.bytes());
}

Result<void> broker_heartbeat(NameCall& call, const BrokerHeartbeat& request) {
  call.names().routes().heartbeat(
      request.cluster, naming::BrokerAddress::fixed(std::string(request.address)), call.now);
  return call.ok();
}

Result<void> register_topic(NameCall& call, const RegisterTopic& request) {
  SLUICE_TRY(const TopicRoute route, TopicRoute::decode(call.command.body));
  std::vector<naming::QueueData> queues;
  queues.reserve(route.queues.size());
  for (const QueueData& q : route.queues) {
    queues.push_back({.broker_name = q.broker_name,
                      .read_queues = q.read_queues,
                      .write_queues = q.write_queues,
                      .perm = q.perm,
                      .sys_flag = q.topic_sys_flag});
  }
  SLUICE_CHECK(call.names().routes().register_topic(request.topic, queues));
  return call.ok();
}

Result<void> delete_topic(NameCall& call, const DeleteTopicInNames& request) {
  call.names().routes().remove_topic(request.topic, request.cluster);
  return call.ok();
}

Result<void> wipe_write_perm(NameCall& call, const WipeWritePerm& request) {
  const std::size_t topics = call.names().routes().wipe_write_perm(request.broker_name);
  return call.ok(WipeWritePermResponse{static_cast<std::int32_t>(topics)});
}

Result<void> add_write_perm(NameCall& call, const AddWritePerm& request) {
  const std::size_t topics = call.names().routes().add_write_perm(request.broker_name);
  return call.ok(AddWritePermResponse{static_cast<std::int32_t>(topics)});
}

constexpr NameRow kRows[] = {
    name_row<RegisterBroker, register_broker>(), name_row<UnregisterBroker, unregister_broker>(),
    name_row<QueryDataVersion, query_version>(), name_row<BrokerHeartbeat, broker_heartbeat>(),
    name_row<RegisterTopic, register_topic>(),   name_row<DeleteTopicInNames, delete_topic>(),
    name_row<WipeWritePerm, wipe_write_perm>(),  name_row<AddWritePerm, add_write_perm>(),
};

}  // namespace

std::span<const NameRow> registration_rows() { return kRows; }

}  // namespace sluice::doors
