#pragma once

#include <vector>

#include <sluice/message.h>

#include "client/remoting.h"

namespace sluice::client {

/// The messages in the body of a pull's or pop's answer, which they keep alive. A message of a
/// retry topic is shown under the topic it was first sent to. Errors: corrupt, which says where.
Result<std::vector<ReceivedMessage>> decode_batch(Answer answer, const std::string& broker);

}  // namespace sluice::client
