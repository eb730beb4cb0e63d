#include "delivery/filter_key.h"

#include <algorithm>
#include <vector>

namespace sluice::delivery {
namespace {

constexpr std::string_view kAll = "*";
constexpr std::string_view kBetweenTags = "||";
// No topic has these characters in its name, no expression is sent with them.
constexpr char kSql = '\2', kAfterTopic = '\3', kAfterFilter = '\4';
constexpr std::string_view kEnd(&kAfterFilter, 1);

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + separator.size(), text.size()));
  }
  return parts;
}

}  // namespace

std::string filter_key(const Subscription& subscription) {
  if (subscription.filter) return kSql + subscription.expression;
  if (subscription.tags.empty()) return std::string(kAll);
  std::vector<std::string> tags = subscription.tags;
  std::ranges::sort(tags);
  tags.erase(std::ranges::unique(tags).begin(), tags.end());
  std::string key;
  for (const std::string& tag : tags) {
    if (!key.empty()) key += kBetweenTags;
    key += tag;
  }
  return key;
}

bool filter_covers(std::string_view wide, std::string_view narrow) {
  if (wide == narrow || wide == kAll) return true;
  if (narrow == kAll || wide.starts_with(kSql) || narrow.starts_with(kSql)) return false;
  const auto tags = split(wide, kBetweenTags);
  return std::ranges::all_of(split(narrow, kBetweenTags), [&tags](std::string_view tag) {
    return std::ranges::find(tags, tag) != tags.end();
  });
}

std::string wants_key(const Subscriptions& subscriptions) {
  std::string key;
  for (const auto& [topic, subscription] : subscriptions) {
    if (topic.starts_with(kRetryTopicPrefix)) continue;
    key += topic + kAfterTopic + filter_key(*subscription) + kAfterFilter;
  }
  return key;
}

bool wants_include(std::string_view wide, std::string_view narrow) {
  const auto parts = split(wide, kEnd);
  return std::ranges::all_of(split(narrow, kEnd), [&parts](std::string_view part) {
    return std::ranges::find(parts, part) != parts.end();
  });
}

bool wants_cover(std::string_view wide, std::string_view narrow) {
  std::map<std::string_view, std::string_view> filters;
  for (const std::string_view part : split(wide, kEnd)) {
    const std::size_t at = std::min(part.find(kAfterTopic), part.size() - 1);
    filters[part.substr(0, at)] = part.substr(at + 1);
  }
  return std::ranges::all_of(split(narrow, kEnd), [&filters](std::string_view part) {
    const std::size_t at = std::min(part.find(kAfterTopic), part.size() - 1);
    const auto found = filters.find(part.substr(0, at));
    return found != filters.end() && filter_covers(found->second, part.substr(at + 1));
  });
}

}  // namespace sluice::delivery
