#pragma once

#include <algorithm>
#include <string_view>

/// The words of a message's KEYS property: divided by blanks, empty ones do not count. Source:
/// apache/rocketmq store/index/IndexService.java.
namespace sluice::wire::record {

template <class Use>
void each_word(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

inline bool has_word(std::string_view text, std::string_view word) {
  bool found = false;
  each_word(text, [&](std::string_view one) { found = found || one == word; });
  return found;
}

}  // namespace sluice::wire::record
