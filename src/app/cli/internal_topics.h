#pragma once

#include <string_view>

#include "client/cluster.h"

namespace sluice::app {

/// Whether brokers made the topic for themselves: lists leave it out unless asked for.
bool is_internal(std::string_view topic, const client::ClusterInfo& info);

}  // namespace sluice::app
