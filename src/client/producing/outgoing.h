#pragma once

#include <string>
#include <vector>

#include <sluice/producer.h>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::client {

/// Which request carries a message.
enum class Carrier : std::uint8_t { single, batch, reply };

/// A message made ready to be sent: checked, its properties as text, its body compressed. Pure.
struct Outgoing {
  Message message;  ///< its body is what goes over the wire; of a batch, topic and body alone
  std::string properties;
  std::string id;
  std::vector<std::string> batch_ids;  ///< of the messages of a batch
  std::int32_t sys_flag = 0;
  Carrier carrier = Carrier::single;

  std::size_t bytes() const { return message.body.size() + properties.size(); }
};

/// Errors: invalid_name (topic), message_illegal (which rule), message_too_large.
Result<Outgoing> prepare(Message message, std::string id, const ProducerOptions& options);

/// The first half of a transaction of producer group `group`. Errors as prepare(), and
/// message_illegal for one with a delay.
Result<Outgoing> prepare_half(Message message, std::string id, const ProducerOptions& options,
                              const std::string& group);

/// Whether it may be one of a batch: plain, without a delay and not compressed.
bool may_join(const Outgoing& one);

/// One request for them all, which are of one topic and may join. `id` is the batch's own.
Outgoing join(const std::vector<const Outgoing*>& members, std::string id);

/// A batch of messages that nothing has looked at. Errors: message_illegal (empty, several topics,
/// delays), message_too_large, when they exceed max_message_bytes together, and as prepare().
Result<Outgoing> prepare_batch(std::vector<Message> messages, std::vector<std::string> ids,
                               const ProducerOptions& options);

}  // namespace sluice::client
