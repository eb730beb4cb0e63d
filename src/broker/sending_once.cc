#include <algorithm>

#include "broker/broker.h"
#include "broker/sending.h"
#include "wire/record/properties.h"

/// Sends of what may have been stored before.
namespace sluice::broker {

using namespace wire::record;

/// Takes the message, which is the last one taken up, out again when it was stored before.
Result<SendBatch::Ticket> SendBatch::unless_known(Ticket ticket, const SendQuery& query,
                                                  milliseconds window, WallTime now) {
  const std::string_view unique_key = find_property(query.properties, property::kUniqueKey);
  if (unique_key.empty()) return ticket;
  const auto key = Duplicates::key_of(query.topic, unique_key, query.body);
  const auto [seen, place] = broker_.duplicates().look(key, now, window);
  if (seen == Duplicates::Seen::never) {
    noted_.push_back({.key = key, .index = ticket.first, .queue = ticket.queue});
    return ticket;
  }
  store::Pending repeat = pending_[ticket.first];
  cut(ticket.first);
  if (seen == Duplicates::Seen::storing) {
    const auto mine = std::ranges::find(noted_, key, &Noted::key);
    if (mine == noted_.end()) {
      return fail(Errc::busy, "the same message is just being stored: send it again a bit later");
    }
    ticket.first = mine->index;
    ticket.queue = mine->queue;
  } else {
    repeat.offset = place.offset;
    repeat.position = place.position;
    repeat.size = place.size;
    ticket.first = repeats_.size();
    ticket.queue = place.queue;
    ticket.repeat = true;
    repeats_.push_back(repeat);
  }
  broker_.traffic().duplicates.fetch_add(1, std::memory_order_relaxed);
  return ticket;
}

/// What was noted is stored now, or will not be.
void SendBatch::settle(bool stored) {
  for (const Noted& note : noted_) {
    if (!stored) {
      broker_.duplicates().failed(note.key);
      continue;
    }
    const store::Pending& pending = pending_[note.index];
    broker_.duplicates().stored(note.key, {.queue = note.queue,
                                           .offset = pending.offset,
                                           .position = pending.position,
                                           .size = pending.size});
  }
  noted_.clear();
}

}  // namespace sluice::broker
