#pragma once

#include <functional>

#include "broker/duplicates.h"
#include "store/message_store.h"

namespace sluice::broker {

/// The window of a topic; 0: its messages may repeat.
using WindowOf = std::function<milliseconds(std::string_view topic)>;

/// Takes in again what was stored within the windows before `now`: reads queues from their ends
/// back, also the system's, where delayed messages and half messages wait. At most `max` messages,
/// the newest. Errors: io_error.
Result<void> restore_duplicates(const store::MessageStore& store, const WindowOf& window_of,
                                milliseconds longest, std::size_t max, WallTime now,
                                Duplicates& duplicates);

}  // namespace sluice::broker
