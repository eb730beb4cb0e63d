#include "wire/record/properties.h"

#include "base/java_hash.h"

namespace sluice::wire::record {

bool PropertyCursor::next() {
  while (!rest_.empty()) {
    const std::size_t end = rest_.find(kPairEnd);
    const std::string_view pair = rest_.substr(0, end);
    rest_ = end == rest_.npos ? std::string_view{} : rest_.substr(end + 1);
    const std::size_t split = pair.find(kNameEnd);
    if (split == pair.npos || split + 1 == pair.size()) continue;
    name_ = pair.substr(0, split);
    value_ = pair.substr(split + 1);
    return true;
  }
  return false;
}

std::string_view find_property(std::string_view text, std::string_view name) {
  std::string_view found;
  for (PropertyCursor pairs(text); pairs.next();) {
    if (pairs.name() == name) found = pairs.value();
  }
  return found;
}

void append_property(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty() && text.back() != kPairEnd) text += kPairEnd;
  text.append(name).append(1, kNameEnd).append(value).append(1, kPairEnd);
}

void set_property(std::string& text, std::string_view name, std::string_view value) {
  remove_property(text, name);
  append_property(text, name, value);
}

void remove_property(std::string& text, std::string_view name) {
  std::string kept;
  kept.reserve(text.size());
  for (PropertyCursor pairs(text); pairs.next();) {
    if (pairs.name() != name) append_property(kept, pairs.name(), pairs.value());
  }
  text = std::move(kept);
}

std::int32_t java_hash(std::string_view text) { return sluice::java_hash(text); }

std::int64_t tags_code(std::string_view tags) { return tags.empty() ? 0 : java_hash(tags); }

}  // namespace sluice::wire::record
