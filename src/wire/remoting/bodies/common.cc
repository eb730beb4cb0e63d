#include "wire/remoting/bodies/common.h"

namespace sluice::wire::remoting {

DataVersion read_data_version(const json::Value& value) {
  return {.state_version = json::integer(value, "stateVersion"),
          .timestamp = json::integer(value, "timestamp"),
          .counter = json::integer(value, "counter")};
}

void write(json::Writer& out, const DataVersion& version) {
  out.begin_object()
      .member("counter", version.counter)
      .member("stateVersion", version.state_version)
      .member("timestamp", version.timestamp)
      .end();
}

MessageQueue read_message_queue(const json::Value& value) {
  return {.topic = json::text(value, "topic"),
          .broker_name = json::text(value, "brokerName"),
          .queue_id = static_cast<std::int32_t>(json::integer(value, "queueId"))};
}

void write(json::Writer& out, std::string_view topic, std::string_view broker_name,
           std::int32_t queue_id) {
  out.begin_object()
      .member("brokerName", broker_name)
      .member("queueId", queue_id)
      .member("topic", topic)
      .end();
}

void write_text_list(json::Writer& out, std::string_view name,
                     const std::vector<std::string>& texts) {
  out.begin_object().key(name).begin_array();
  for (const std::string& text : texts) out.value(text);
  out.end().end();
}

}  // namespace sluice::wire::remoting
