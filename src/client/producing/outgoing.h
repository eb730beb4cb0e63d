#pragma once

#include <sluice/producer.h>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::client {

/// A message made ready to be sent: checked, its properties as text, its body compressed. Pure.
struct Outgoing {
  Message message;  ///< its body is what goes over the wire
  std::string properties;
  std::string id;
  std::int32_t sys_flag = 0;
};

/// Errors: invalid_name (topic), message_illegal (which rule), message_too_large.
Result<Outgoing> prepare(Message message, std::string id, const ProducerOptions& options);

}  // namespace sluice::client
