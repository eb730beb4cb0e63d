#pragma once

#include "broker/life.h"
#include "store/message_store.h"

namespace sluice::broker {

/// Adds to consumed and acknowledged shares when that was, as the logs of progress and of leases
/// say. Errors: those of look_back().
Result<void> add_times(store::MessageStore& store, Life& life);

}  // namespace sluice::broker
