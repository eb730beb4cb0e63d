#include "wire/remoting/bodies/assignment.h"

#include <algorithm>
#include <array>

namespace sluice::wire::remoting {
namespace {

/// Java's enum: by name, or by ordinal as its reader takes it too.
std::string mode_of(const json::Value& value) {
  static constexpr std::array<std::string_view, 2> kModes{"PULL", "POP"};
  const std::string name = json::text(value, "mode", kModes[0]);
  const std::int64_t ordinal = json::integer(value, "mode", -1);
  return ordinal == 0 || ordinal == 1 ? std::string(kModes[static_cast<std::size_t>(ordinal)])
                                      : name;
}

}  // namespace

Result<AssignmentRequest> AssignmentRequest::decode(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  const std::string model = json::text(value, "messageModel");
  return AssignmentRequest{.topic = json::text(value, "topic"),
                           .group = json::text(value, "consumerGroup"),
                           .client_id = json::text(value, "clientId"),
                           .strategy = json::text(value, "strategyName"),
                           .broadcasting = model == "BROADCASTING" || model == "0"};
}

Result<RequestModeBody> RequestModeBody::decode(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  return RequestModeBody{
      .topic = json::text(value, "topic"),
      .group = json::text(value, "consumerGroup"),
      .mode = mode_of(value),
      .pop_share_queues = static_cast<std::int32_t>(json::integer(value, "popShareQueueNum"))};
}

void write(json::Writer& out, const RequestModeBody& body) {
  out.begin_object()
      .member("consumerGroup", body.group)
      .member("mode", body.mode)
      .member("popShareQueueNum", body.pop_share_queues)
      .member("topic", body.topic)
      .end();
}

void write_assignment(json::Writer& out, std::string_view topic, std::string_view broker_name,
                      std::int32_t queue_id, std::string_view mode) {
  out.begin_object().key("messageQueue");
  write(out, topic, broker_name, queue_id);
  out.member("mode", mode).end();
}

}  // namespace sluice::wire::remoting
