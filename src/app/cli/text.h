#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace sluice::app {

/// Local time as `2026-01-31 08:30:00.123`; `-` for nothing (0 or below).
std::string time_text(std::int64_t unix_ms);

/// Whether these bytes are whole, shortest-form UTF-8 without surrogates.
bool is_utf8(std::string_view text);

std::string base64(std::string_view bytes);

/// One line of JSON; bytes that are not UTF-8 become U+FFFD.
std::string json_text(const nlohmann::ordered_json& value);

/// The `name=value` texts that `option` was given, by name; a value may hold further '='.
/// Errors: invalid_argument that names the option and the text.
Result<std::map<std::string, std::string>> parse_pairs(std::string_view option,
                                                       const std::vector<std::string>& texts);

}  // namespace sluice::app
