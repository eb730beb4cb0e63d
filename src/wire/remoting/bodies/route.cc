#include "wire/remoting/bodies/route.h"

#include "base/numbers.h"

namespace sluice::wire::remoting {
namespace {

void write_addresses(json::Writer& out, const std::map<std::int64_t, std::string>& addresses,
                     NumberKeys keys) {
  out.begin_object();
  for (const auto& [id, address] : addresses) {
    keys == NumberKeys::bare ? out.bare_key(id) : out.key(std::to_string(id));
    out.value(address);
  }
  out.end();
}

void write(json::Writer& out, const BrokerData& broker, NumberKeys keys) {
  out.begin_object().key("brokerAddrs");
  write_addresses(out, broker.addresses, keys);
  out.member("brokerName", broker.broker_name)
      .member("cluster", broker.cluster)
      .member("enableActingMaster", broker.acting_master);
  if (!broker.zone.empty()) out.member("zoneName", broker.zone);
  out.end();
}

void write(json::Writer& out, const QueueData& queue) {
  out.begin_object()
      .member("brokerName", queue.broker_name)
      .member("perm", queue.perm)
      .member("readQueueNums", queue.read_queues)
      .member("topicSysFlag", queue.topic_sys_flag)
      .member("writeQueueNums", queue.write_queues)
      .end();
}

BrokerData read_broker(const json::Value& value) {
  BrokerData out;
  out.cluster = json::text(value, "cluster");
  out.broker_name = json::text(value, "brokerName");
  out.zone = json::text(value, "zoneName");
  out.acting_master = json::boolean(value, "enableActingMaster");
  for (const auto& [id, address] : json::object(value, "brokerAddrs").items()) {
    const auto number = parse_number<std::int64_t>(id);
    if (number && address.is_string()) out.addresses[*number] = address.get<std::string>();
  }
  return out;
}

QueueData read_queue(const json::Value& value) {
  const auto number = [&value](const char* key) {
    return static_cast<std::int32_t>(json::integer(value, key));
  };
  return {.broker_name = json::text(value, "brokerName"),
          .read_queues = number("readQueueNums"),
          .write_queues = number("writeQueueNums"),
          .perm = number("perm"),
          .topic_sys_flag = number("topicSysFlag")};
}

std::vector<std::string> read_texts(const json::Value& array) {
  std::vector<std::string> out;
  for (const json::Value& value : array) {
    if (value.is_string()) out.push_back(value.get<std::string>());
  }
  return out;
}

}  // namespace

void TopicRoute::encode(Buffer& to, NumberKeys keys) const {
  json::Writer out(to);
  out.begin_object().key("brokerDatas").begin_array();
  for (const BrokerData& broker : brokers) write(out, broker, keys);
  out.end().key("filterServerTable").begin_object().end();
  if (!order_conf.empty()) out.member("orderTopicConf", order_conf);
  out.key("queueDatas").begin_array();
  for (const QueueData& queue : queues) write(out, queue);
  out.end().end();
}

Result<TopicRoute> TopicRoute::decode(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  TopicRoute out;
  out.order_conf = json::text(value, "orderTopicConf");
  for (const json::Value& broker : json::array(value, "brokerDatas")) {
    out.brokers.push_back(read_broker(broker));
  }
  for (const json::Value& queue : json::array(value, "queueDatas")) {
    out.queues.push_back(read_queue(queue));
  }
  return out;
}

void ClusterInfo::encode(Buffer& to) const {
  json::Writer out(to);
  out.begin_object().key("brokerAddrTable").begin_object();
  for (const BrokerData& broker : brokers) {
    out.key(broker.broker_name);
    write(out, broker, NumberKeys::bare);
  }
  out.end().key("clusterAddrTable").begin_object();
  for (const auto& [cluster, names] : clusters) {
    out.key(cluster).begin_array();
    for (const std::string& name : names) out.value(name);
    out.end();
  }
  out.end().end();
}

Result<ClusterInfo> ClusterInfo::decode(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  ClusterInfo out;
  for (const json::Value& broker : json::object(value, "brokerAddrTable")) {
    out.brokers.push_back(read_broker(broker));
  }
  for (const auto& [cluster, names] : json::object(value, "clusterAddrTable").items()) {
    out.clusters[cluster] = read_texts(names);
  }
  return out;
}

void encode_broker_members(Buffer& to, const BrokerData& broker) {
  json::Writer out(to);
  out.begin_object().key("brokerMemberGroup").begin_object().key("brokerAddrs");
  write_addresses(out, broker.addresses, NumberKeys::bare);
  out.member("brokerName", broker.broker_name).member("cluster", broker.cluster).end().end();
}

void TopicList::encode(Buffer& to) const {
  json::Writer out(to);
  out.begin_object();
  if (!broker_address.empty()) out.member("brokerAddr", broker_address);
  out.key("topicList").begin_array();
  for (const std::string& topic : topics) out.value(topic);
  out.end().end();
}

Result<TopicList> TopicList::decode(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  return TopicList{.topics = read_texts(json::array(value, "topicList")),
                   .broker_address = json::text(value, "brokerAddr")};
}

void encode_kv_table(Buffer& to, const std::map<std::string, std::string>& table) {
  json::Writer out(to);
  out.begin_object().key("table").begin_object();
  for (const auto& [key, value] : table) out.member(key, value);
  out.end().end();
}

}  // namespace sluice::wire::remoting
