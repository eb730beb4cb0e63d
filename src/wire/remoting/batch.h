#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"

namespace sluice::wire::remoting {

/// One message of a batch body.
struct BatchMessage {
  std::int32_t flag = 0;
  std::string_view properties;
  Bytes body;
};

/// Walks the messages of a SEND_BATCH_MESSAGE body. Views into the body.
/// Source: apache/rocketmq common/message/MessageDecoder.java (encodeMessage).
class BatchReader {
 public:
  explicit BatchReader(Bytes body) : in_(body) {}
  bool done() const { return in_.left() == 0; }
  /// Errors: malformed.
  Result<BatchMessage> next();

 private:
  ByteReader in_;
};

/// Adds a message to such a body.
void append(Buffer& batch, const BatchMessage& message);

}  // namespace sluice::wire::remoting
