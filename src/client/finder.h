#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "client/reader.h"

/// Single messages: by where they lie, by their unique id, by a key. Every function may fail with
/// closed or timed_out (a broker cannot be reached) and with what a broker refuses.
namespace sluice::client {

struct KeySearch {
  std::string topic, key;
  bool by_unique_id = false;  ///< the key is the id that the sender gave the message
  std::int64_t from_ms = 0;   ///< store time, both included
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
  std::int32_t max = 64;  ///< of each broker; it gives the newest
};

/// Asks every broker of the topic; what comes is looked at again, because brokers may compare
/// hashes only. By store time, oldest first; none is no error. Errors: topic_not_found.
Result<std::vector<Received>> find_by_key(Cluster& cluster, const KeySearch& search);

/// The message whose id says where it lies. Errors: invalid_argument, when it is no such id;
/// not_found.
Result<Received> message_at(Cluster& cluster, const std::string& id);

}  // namespace sluice::client
