#pragma once

#include "base/result.h"
#include "delivery/filter_key.h"
#include "store/message_store.h"

namespace sluice::broker {

/// Whether a message of a retry topic came from a topic that `subscriptions` has, and passes its
/// filter there: then the member is one that had wanted it. True for every message when null. Reads
/// the record; errors as MessageStore::read. Any thread.
Result<bool> wants_retry(const store::MessageStore& store,
                         const delivery::Subscriptions* subscriptions,
                         const store::IndexEntry& entry);

}  // namespace sluice::broker
