#include "wire/remoting/bodies/heartbeat.h"

#include <array>
#include <span>

namespace sluice::wire::remoting {
namespace {

constexpr std::array<std::string_view, 3> kConsumeTypes{"CONSUME_ACTIVELY", "CONSUME_PASSIVELY",
                                                        "CONSUME_POP"};
constexpr std::array<std::string_view, 2> kModels{"BROADCASTING", "CLUSTERING"};

std::int32_t read_enum(const json::Value& object, const char* key,
                       std::span<const std::string_view> names, std::int32_t fallback) {
  const std::string name = json::text(object, key);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<std::int32_t>(i);
  }
  const std::int64_t ordinal = json::integer(object, key, fallback);
  const bool known = ordinal >= 0 && ordinal < static_cast<std::int64_t>(names.size());
  return known ? static_cast<std::int32_t>(ordinal) : fallback;
}

ConsumerData read_consumer(const json::Value& value) {
  ConsumerData out{.group = json::text(value, "groupName"),
                   .consume_type = read_enum(value, "consumeType", kConsumeTypes, 1),
                   .message_model = read_enum(value, "messageModel", kModels, 1),
                   .from_where = json::text(value, "consumeFromWhere"),
                   .subscriptions = {}};
  for (const json::Value& subscription : json::array(value, "subscriptionDataSet")) {
    out.subscriptions.push_back(read_subscription(subscription));
  }
  return out;
}

void write(json::Writer& out, const ConsumerData& consumer) {
  out.begin_object()
      .member("consumeFromWhere", consumer.from_where)
      .member("consumeType", consume_type_name(consumer.consume_type))
      .member("groupName", consumer.group)
      .member("messageModel", message_model_name(consumer.message_model))
      .key("subscriptionDataSet")
      .begin_array();
  for (const SubscriptionData& s : consumer.subscriptions) write(out, s, {}, {});
  out.end().member("unitMode", false).end();
}

}  // namespace

std::string_view consume_type_name(std::int32_t ordinal) {
  return kConsumeTypes[static_cast<std::size_t>(ordinal)];
}
std::string_view message_model_name(std::int32_t ordinal) {
  return kModels[static_cast<std::size_t>(ordinal)];
}

SubscriptionData read_subscription(const json::Value& value) {
  return {.topic = json::text(value, "topic"),
          .expression = json::text(value, "subString", "*"),
          .type = json::text(value, "expressionType", "TAG"),
          .version = json::integer(value, "subVersion")};
}

void write(json::Writer& out, const SubscriptionData& s, const std::vector<std::string>& tags,
           const std::vector<std::int32_t>& codes) {
  out.begin_object().member("classFilterMode", false).key("codeSet").begin_array();
  for (const std::int32_t code : codes) out.value(code);
  out.end()
      .member("expressionType", s.type)
      .member("subString", s.expression)
      .member("subVersion", s.version)
      .key("tagsSet")
      .begin_array();
  for (const std::string& tag : tags) out.value(tag);
  out.end().member("topic", s.topic).end();
}

Result<HeartbeatBody> HeartbeatBody::decode(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  HeartbeatBody out;
  out.client_id = json::text(value, "clientID");
  out.without_subscriptions = json::boolean(value, "withoutSub");
  for (const json::Value& producer : json::array(value, "producerDataSet")) {
    out.producer_groups.push_back(json::text(producer, "groupName"));
  }
  for (const json::Value& consumer : json::array(value, "consumerDataSet")) {
    out.consumers.push_back(read_consumer(consumer));
  }
  if (out.client_id.empty()) return fail(Errc::malformed, "a heartbeat without clientID");
  return out;
}

void HeartbeatBody::encode(Buffer& to) const {
  json::Writer out(to);
  out.begin_object().member("clientID", client_id).key("consumerDataSet").begin_array();
  for (const ConsumerData& consumer : consumers) write(out, consumer);
  out.end().member("heartbeatFingerprint", 0).key("producerDataSet").begin_array();
  for (const std::string& group : producer_groups) {
    out.begin_object().member("groupName", group).end();
  }
  out.end().member("withoutSub", without_subscriptions).end();
}

}  // namespace sluice::wire::remoting
