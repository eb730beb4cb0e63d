#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "client/group_admin.h"

namespace sluice::app {

/// RocketMQ's name of a client's version (`5.4.0`), or its number when it is none that is known.
std::string client_version(std::int32_t version);

/// A group for people: members, queues, and how members differ.
std::string group_text(const client::GroupState& group, WallTime now);
/// The same for scripts.
nlohmann::ordered_json group_json(const client::GroupState& group, WallTime now);

}  // namespace sluice::app
