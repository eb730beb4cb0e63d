#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

/// JSON as RocketMQ's peers write it (fastjson 1): besides the standard, numbers and words may
/// stand as keys without quotes, and a whole object may be a key. Such keys come out as their text.
namespace sluice::wire::json {

using Value = nlohmann::json;

inline constexpr int kDepthMax = 32;

/// Errors: malformed, with the byte at which reading stopped.
Result<Value> parse(std::string_view text);

/// A member's value, or `fallback` when it is absent or of another kind. Numbers given as strings
/// and the reverse are converted, as Java's reader does.
std::int64_t integer(const Value& object, const char* key, std::int64_t fallback = 0);
bool boolean(const Value& object, const char* key, bool fallback = false);
std::string text(const Value& object, const char* key, std::string_view fallback = {});
/// The member, or an empty array or object.
const Value& array(const Value& object, const char* key);
const Value& object(const Value& object, const char* key);

}  // namespace sluice::wire::json
