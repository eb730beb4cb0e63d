#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace sluice::wire::remoting {

/// Acknowledgements of one pop from one queue. Source: remoting/protocol/body/BatchAck.java,
/// remoting/protocol/BitSetSerializerDeserializer.java.
struct BatchAck {
  std::string group, topic;
  QueueId queue;
  WallTime popped;
  std::vector<QueueOffset> offsets;
};

/// `{"brokerName":…,"acks":[{"c":group,"t":topic,"q":queue,"so":start,"pt":popTime,"b":bits}]}`;
/// bits: base64 of a bit set, bit n being offset start + n. At most 1,024 of one pop.
/// Errors: malformed, message_illegal (too many).
Result<std::vector<BatchAck>> decode_batch_ack(Bytes body);

}  // namespace sluice::wire::remoting
