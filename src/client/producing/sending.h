#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sluice/producer.h>

#include "base/clock.h"
#include "client/producing/outgoing.h"

namespace sluice::client {

/// What a broker said of a request that it stored.
struct Stored {
  Queue queue;
  std::int64_t offset = 0;  ///< of the first message
  std::string offset_ids;   ///< of a batch: one for each message, with commas between them
  std::string transaction_id, recall_handle;
  SendStatus status = SendStatus::stored;
};

/// A request on its way, from the call that began it to its answer.
struct Sending {
  Outgoing out;
  SendOptions options;
  SteadyTime deadline;
  std::size_t bytes = 0;  ///< counted as being in flight
  std::string address{};  ///< of the broker that the last attempt went to
  /// Called once; empty for a one-way send. The message is empty if it could not be prepared.
  std::move_only_function<void(const Outgoing&, Result<Stored>)> done;
};

/// Of a single message.
Receipt receipt_of(const Outgoing& out, Stored stored);
/// What was said of message `i` of a batch.
Stored nth(const Stored& batch, std::size_t i);
/// Of each message of a batch.
std::vector<Receipt> receipts_of(const Outgoing& batch, const Stored& stored);

}  // namespace sluice::client
