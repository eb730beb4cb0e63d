#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/cluster.h"

/// Topics as the command line shows them.
namespace sluice::app {

/// RocketMQ's bits for "r", "w", "rw" or "-", and back; other bits are left out.
std::int32_t perm_bits(std::string_view word);
std::string_view perm_word(std::int32_t bits);

/// Prints a topic's attributes, brokers, queues and offsets. Errors: topic_not_found, and those of
/// Cluster.
Result<void> describe_topic(client::Cluster& cluster, const std::string& topic, bool as_json_text);

}  // namespace sluice::app
