#pragma once

#include <functional>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/message_store.h"

/// Durable state that is not a message is kept in the log, too: a kind of state has a topic of its
/// own (one queue, not in the topics' table), a record's body is what has changed, and a snapshot
/// says up to which record it knows. A record that was found lost (its entry is blank) is passed
/// over: whoever repaired the store, or let a start pass over damage, chose to do without it.
namespace sluice::broker {

/// Appends one record. Errors: those of MessageStore::append.
Result<void> append_state(store::MessageStore& store, std::string_view topic, Bytes body,
                          const wire::record::Host& store_host, WallTime now);

/// The same; `queue` is the topic's one queue.
Result<void> append_state(store::MessageStore& store, store::Queue& queue, Bytes body,
                          const wire::record::Host& store_host, WallTime now);

/// Shows `visit` the records stored since `from`, oldest first, with their store times, until it
/// gives false. Looks at no more than `limit`; false: there were more. Errors: as replay_state.
Result<bool> look_back(const store::MessageStore& store, const store::Queue& queue, WallTime from,
                       std::size_t limit,
                       const std::function<bool(std::int64_t stored_ms, Bytes body)>& visit);

/// Records appended so far.
QueueOffset state_end(store::MessageStore& store, std::string_view topic);

/// Gives `apply` the body of each record from `from` on that the log still has, in order. Errors:
/// corrupt, naming the position; io_error; those of `apply`.
Result<void> replay_state(store::MessageStore& store, std::string_view topic, QueueOffset from,
                          const std::function<Result<void>(Bytes body)>& apply);

}  // namespace sluice::broker
