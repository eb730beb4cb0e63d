#pragma once

#include <string>
#include <vector>

#include "client/cluster.h"

namespace sluice::client {

/// What each master broker of the cluster knows of a message, as the JSON texts they answer with.
/// `key`: the message's unique id; `topic` may be empty. Errors: unsupported, when no broker is a
/// Sluice broker: Apache's do not tell.
Result<std::vector<std::string>> message_life(Cluster& cluster, const std::string& key,
                                              const std::string& topic);

}  // namespace sluice::client
