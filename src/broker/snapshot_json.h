#pragma once

#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/numbers.h"
#include "broker/topics.h"

/// Reading and writing the JSON of the files under config/: standard, or as fastjson writes it.
/// Pure functions.
namespace sluice::broker::snapshot {

using Json = nlohmann::json;

/// The text's one object, keys without quotes allowed; nothing when it is anything else.
std::optional<Json> parse_object(std::string_view text);

/// Indented. Bytes that are not UTF-8 become U+FFFD.
std::string print(const Json& value);

/// A number, also when it is written as text; nothing when it does not fit.
template <std::integral T>
std::optional<T> number_of(const Json& value) {
  if (value.is_string()) return parse_number<T>(value.get_ref<const std::string&>());
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return std::nullopt;
  }
  const auto number = value.get<std::int64_t>();
  if (!std::in_range<T>(number)) return std::nullopt;
  return static_cast<T>(number);
}

/// The member into `to`, which keeps its value when the member is absent or of another kind.
void take(const Json& object, const char* key, std::integral auto& to) {
  const auto found = object.find(key);
  if (found == object.end()) return;
  to = number_of<std::remove_reference_t<decltype(to)>>(*found).value_or(to);
}
inline void take(const Json& object, const char* key, bool& to) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_boolean()) to = found->get<bool>();
}
inline void take(const Json& object, const char* key, std::string& to) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_string()) to = found->get<std::string>();
}
inline void take(const Json& object, const char* key, std::map<std::string, std::string>& to) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return;
  for (const auto& [name, value] : found->items()) {
    if (value.is_string()) to[name] = value.get<std::string>();
  }
}

inline void take(const Json& object, const char* key,
                 std::map<std::string, std::int32_t, std::less<>>& to) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return;
  for (const auto& [name, value] : found->items()) {
    if (const auto number = number_of<std::int32_t>(value)) to[name] = *number;
  }
}

Json to_json(const DataVersion& version);
/// The file's member dataVersion; absent, the first version.
DataVersion version_of(const Json& file);

}  // namespace sluice::broker::snapshot
