#pragma once

#include "base/result.h"
#include "delivery/subscription.h"
#include "store/message_store.h"

/// Whether a message of a queue is one that a subscription wants. One rule for everybody who hands
/// out messages. Any thread.
namespace sluice::broker {

/// True for every message when `subscription` is null. By tag, a true may be a collision of hashes
/// (clients compare the text). Errors: those of MessageStore::read, for filters that look into the
/// record.
Result<bool> matches(const store::MessageStore& store, const delivery::Subscription* subscription,
                     const store::IndexEntry& entry);

/// The same with the record at hand, which only filters look into.
bool matches(const delivery::Subscription* subscription, std::int64_t tags_code, Bytes record);

}  // namespace sluice::broker
