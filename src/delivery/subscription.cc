#include "delivery/subscription.h"

#include <algorithm>

#include "base/java_hash.h"

namespace sluice::delivery {
namespace {

constexpr std::string_view kSeparator = "||";
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string> split_tags(std::string_view expression) {
  std::vector<std::string> tags;
  while (true) {
    const auto stop = expression.find(kSeparator);
    const std::string_view tag = trim(expression.substr(0, stop));
    if (!tag.empty() && std::ranges::find(tags, tag) == tags.end()) tags.emplace_back(tag);
    if (stop == std::string_view::npos) return tags;
    expression.remove_prefix(stop + kSeparator.size());
  }
}

std::vector<std::int32_t> sorted_hashes(const std::vector<std::string>& tags) {
  std::vector<std::int32_t> codes;
  codes.reserve(tags.size());
  for (const std::string& tag : tags) codes.push_back(java_hash(tag));
  std::ranges::sort(codes);
  const auto duplicates = std::ranges::unique(codes);
  codes.erase(duplicates.begin(), duplicates.end());
  return codes;
}

}  // namespace

bool wants_all(std::string_view expression, std::string_view type) {
  if (!type.empty() && type != kTagFilter) return false;
  const std::string_view wanted = trim(expression);
  return wanted.empty() || wanted == "*";
}

bool Subscription::matches(std::int64_t tags_code) const {
  if (wants_all()) return true;
  const auto code = static_cast<std::int32_t>(tags_code);
  return code == tags_code && std::ranges::binary_search(codes, code);
}

Result<Subscription> parse_subscription(std::string_view topic, std::string_view expression,
                                        std::string_view type, std::int64_t version) {
  Subscription subscription;
  subscription.topic = topic;
  subscription.version = version;
  if (type == kSqlFilter) {
    SLUICE_TRY(sql::Filter filter, sql::Filter::compile(expression));
    subscription.expression = expression;
    subscription.type = type;
    subscription.filter = std::make_shared<const sql::Filter>(std::move(filter));
    return subscription;
  }
  if (!type.empty() && type != kTagFilter) {
    return fail(Errc::unsupported,
                "filter type " + std::string(type) + " of topic " + std::string(topic) +
                    " is not supported; subscribe by tags (TAG) or properties (SQL92)");
  }
  if (wants_all(expression, type)) return subscription;
  const std::string_view wanted = trim(expression);
  subscription.expression = expression;
  subscription.tags = split_tags(wanted);
  if (subscription.tags.empty()) {
    return fail(Errc::subscription_malformed, "the expression '" + std::string(expression) +
                                                  "' names no tag; write tags as a || b, or * "
                                                  "for all messages");
  }
  subscription.codes = sorted_hashes(subscription.tags);
  return subscription;
}

}  // namespace sluice::delivery
