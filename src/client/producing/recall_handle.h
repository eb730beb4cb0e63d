#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::client {

/// What the handle of a timed message says, in its first five words; what follows is the broker's.
/// Source: apache/rocketmq common/producer/RecallMessageHandle.java.
struct RecallHandle {
  std::string topic, broker, message_id;
};

/// Errors: message_illegal, for what is no handle.
Result<RecallHandle> parse_recall_handle(std::string_view text);

}  // namespace sluice::client
