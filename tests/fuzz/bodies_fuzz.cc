#include "wire/remoting/batch.h"
#include "wire/remoting/bodies/group.h"
#include "wire/remoting/bodies/heartbeat.h"
#include "wire/remoting/bodies/route.h"
#include "wire/remoting/bodies/topic_table.h"

/// Bodies that clients, brokers and tools send.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::wire::remoting;
  const auto bytes = std::as_bytes(std::span(data, size));
  static_cast<void>(HeartbeatBody::decode(bytes));
  static_cast<void>(TopicRoute::decode(bytes));
  static_cast<void>(ClusterInfo::decode(bytes));
  static_cast<void>(LockBody::decode(bytes));
  static_cast<void>(decode_group_config(bytes));
  static_cast<void>(decode_register_body(bytes, false));
  static_cast<void>(decode_register_body(bytes, true));
  for (BatchReader batch(bytes); !batch.done();) {
    if (!batch.next()) break;
  }
  return 0;
}
