#pragma once

#include <vector>

#include <sluice/message.h>

#include "client/engine/names.h"
#include "client/remoting.h"

namespace sluice::client {

/// The messages in the body of a pull's or pop's answer, which they keep alive. A message of a
/// retry topic is shown under the topic it was first sent to, and all as the program names topics.
/// Errors: corrupt, which says where.
Result<std::vector<ReceivedMessage>> decode_batch(Answer answer, const std::string& broker,
                                                  const Names& names);

}  // namespace sluice::client
