#pragma once

#include <memory>

#include "client/engine/wait.h"

namespace sluice::client {

/// Stops a participant and waits for it; at once when the client was closed, which stopped it. Not
/// the client's own thread.
inline void stop_and_wait(Core& core, const std::shared_ptr<Participant>& participant) {
  static_cast<void>(wait_for_task(core, [&participant] { return participant->stop(); }));
}

}  // namespace sluice::client
