#pragma once

#include <algorithm>
#include <string_view>

/// Tag expressions: `*`, or `a || b`. Pure.
namespace sluice::client {

inline bool takes_all(std::string_view expression) {
  return expression.empty() || expression == "*";
}

/// Whether `tag` is one of those between the bars.
inline bool names_tag(std::string_view expression, std::string_view tag) {
  while (!expression.empty()) {
    std::string_view one = expression.substr(0, expression.find("||"));
    expression.remove_prefix(std::min(one.size() + 2, expression.size()));
    const std::size_t first = one.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    one = one.substr(first, one.find_last_not_of(' ') - first + 1);
    if (one == tag) return true;
  }
  return false;
}

}  // namespace sluice::client
