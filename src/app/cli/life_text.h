#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace sluice::app {

/// What one broker answered about a message, for people: what happened in the order of time, then
/// what is still to come.
std::string life_text(const nlohmann::json& life);

}  // namespace sluice::app
