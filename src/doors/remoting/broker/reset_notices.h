#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "doors/remoting/broker/door.h"
#include "wire/json/writer.h"

/// How the members of a group hear that its progress was reset, so that they go on there at once.
///
///   clustering    its pull is answered "offset moved", at once when it waits: clients drop what
///                 they have of the queue. Java since 5.2.0 begins anew right away; older ones and
///                 Go after 10 s, with the next rebalance, of which they are told then.
///   broadcasting  RESET_CONSUMER_CLIENT_OFFSET (220): clients keep the progress themselves.
///   by pop        nothing: the broker begins there.
namespace sluice::doors {

/// Queues and where the group goes on in each.
using ResetOffsets = std::vector<std::pair<std::int32_t, QueueOffset>>;

/// After Broker::reset_offset. Any reactor's thread.
void tell_of_reset(BrokerDoor& door, std::string_view group, std::string_view topic,
                   const ResetOffsets& offsets);

/// `{"offsetTable":{queue:offset,…}}`, with objects as keys, as Java writes it.
wire::json::Writer& write_offsets(wire::json::Writer& out, std::string_view broker,
                                  std::string_view topic, const ResetOffsets& offsets);

}  // namespace sluice::doors
