#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/group_admin.h"

namespace sluice::client {

/// When the first message that a group has not consumed in the queue was stored, ms since the
/// epoch, where the broker does not say so itself: the message is pulled, which the group does not
/// notice. Nothing when it cannot be read.
std::optional<std::int64_t> oldest_unread(Cluster& cluster, const std::string& address,
                                          const GroupQueue& queue);

}  // namespace sluice::client
