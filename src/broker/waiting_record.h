#pragma once

#include <algorithm>

#include "base/numbers.h"
#include "store/message_store.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"

/// What a record that waits in a system topic says of itself: who delivers it reads it, and
/// who finds out after a restart what was delivered.
namespace sluice::broker {

inline wire::record::Decoded decode(const store::Slice& slice, bool& whole) {
  wire::record::Scan scan = wire::record::scan(slice.bytes, wire::record::CrcCheck::skip);
  whole = scan.kind == wire::record::Scan::Kind::record;
  return scan.record;
}

/// Where it goes when its time has come.
struct RealAddress {
  std::string_view topic;
  QueueId queue;
};
inline RealAddress address_of(const wire::record::Decoded& found) {
  namespace property = wire::record::property;
  using wire::record::find_property;
  const std::string_view properties = found.message.properties;
  const auto id = parse_number<std::int32_t>(find_property(properties, property::kRealQueue));
  return {find_property(properties, property::kRealTopic), QueueId(std::max(id.value_or(0), 0))};
}

}  // namespace sluice::broker
