#include "client/consuming/leases.h"

#include <fmt/format.h>

#include "client/consuming/decode.h"
#include "wire/record/properties.h"
#include "wire/remoting/pop_receipt.h"
#include "wire/remoting/requests/pop.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

/// What the answer says of all its messages.
struct Popped {
  PopMessageResponse response;
  std::string starts, counts;  ///< of `response`, whose views go with the answer
};

Result<PopReceipt> receipt_of(const ReceivedMessage& message, const Popped& popped,
                              const std::string& broker, std::string& keep) {
  // A message that comes again from a retry topic brings its own.
  const std::string_view own = message.property(wire::record::property::kPopCheckpoint);
  if (!own.empty()) {
    keep = own;
    return parse_receipt(keep);
  }
  const auto starts = parse_starts(popped.starts);
  const auto start = starts.find({0, message.queue_id});
  if (start == starts.end()) {
    return fail(Errc::malformed,
                fmt::format("broker {} popped from queue {} and does not say where "
                            "it started",
                            broker, message.queue_id));
  }
  return PopReceipt{.start_offset = start->second,
                    .popped = from_unix_ms(popped.response.pop_ms),
                    .invisible = milliseconds(popped.response.invisible_ms),
                    .revive_queue = popped.response.revive_queue,
                    .broker = broker,
                    .queue = QueueId(message.queue_id),
                    .offset = QueueOffset(message.offset)};
}

}  // namespace

Result<std::vector<LeasePtr>> leases_of(Answer answer, const PoppedFrom& from, SteadyTime now) {
  Popped popped;
  SLUICE_CHECK(PopMessageResponse::Wire::decode(answer.command.ext, popped.response));
  popped.starts = popped.response.start_offsets;
  popped.counts = popped.response.counts;
  const milliseconds invisible(popped.response.invisible_ms);
  SLUICE_TRY(auto messages, decode_batch(std::move(answer), from.broker, from.names));
  std::vector<LeasePtr> leases;
  for (ReceivedMessage& message : messages) {
    std::string keep;
    SLUICE_TRY(const PopReceipt receipt, receipt_of(message, popped, from.broker, keep));
    const std::int32_t attempts = attempts_of(popped.counts, message.queue_id, message.offset);
    const auto lease = std::make_shared<LeaseState>();
    lease->topic = topic_of(receipt, from.topic, from.group);
    lease->broker = from.broker;
    lease->retry = receipt.retry;
    lease->queue = receipt.queue.value;
    lease->offset = receipt.offset.value;
    lease->taken = now;
    lease->receipt = to_text(receipt);
    lease->until = now + invisible;
    lease->message = std::move(message);
    lease->message.attempt = std::max(lease->message.attempt, attempts);
    leases.push_back(lease);
  }
  return leases;
}

}  // namespace sluice::client
