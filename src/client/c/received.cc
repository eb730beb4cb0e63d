#include "client/c/received.h"

#include <algorithm>
#include <chrono>

namespace {

const char* text(std::string_view value, size_t* size) {
  if (size != nullptr) *size = value.size();
  return value.data() != nullptr ? value.data() : "";
}

int64_t ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

const char* sluice_received_topic(const sluice_received* m, size_t* size) {
  return text(m->message.topic, size);
}
const char* sluice_received_body(const sluice_received* m, size_t* size) {
  return text(m->message.body, size);
}
const char* sluice_received_tag(const sluice_received* m, size_t* size) {
  return text(m->message.tag(), size);
}
const char* sluice_received_keys(const sluice_received* m, size_t* size) {
  return text(m->message.keys(), size);
}
const char* sluice_received_id(const sluice_received* m, size_t* size) {
  return text(m->message.id(), size);
}
const char* sluice_received_broker(const sluice_received* m, size_t* size) {
  return text(m->message.broker, size);
}
const char* sluice_received_property(const sluice_received* m, const char* name, size_t* size) {
  const std::string_view value = m->message.property(name);
  if (value.data() == nullptr) return nullptr;
  return text(value, size);
}
int32_t sluice_received_queue_id(const sluice_received* m) { return m->message.queue_id; }
int64_t sluice_received_offset(const sluice_received* m) { return m->message.offset; }
int32_t sluice_received_attempt(const sluice_received* m) { return m->message.attempt; }
int64_t sluice_received_born_ms(const sluice_received* m) { return ms(m->message.born); }
int64_t sluice_received_stored_ms(const sluice_received* m) { return ms(m->message.stored); }
void sluice_received_free(sluice_received* m) { delete m; }
