#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "delivery/subscription.h"

/// What members want, as text that is equal exactly when they want the same: `a || b` and `b||a`
/// give one key. Keys are written to disk. Pure functions.
namespace sluice::delivery {

/// A member's subscriptions by topic.
using Subscriptions = std::map<std::string, std::shared_ptr<const Subscription>, std::less<>>;

/// Topics of messages that failed, one for each group.
inline constexpr std::string_view kRetryTopicPrefix = "%RETRY%";

/// Of one topic's messages: its tags, sorted; `*` for all; an SQL expression as it was written.
std::string filter_key(const Subscription& subscription);
/// Whether who has the filter `wide` gets every message that `narrow` lets through. False when it
/// cannot be told.
bool filter_covers(std::string_view wide, std::string_view narrow);

/// Of a whole member: topics and filters. Retry topics are left out, every member has one.
std::string wants_key(const Subscriptions& subscriptions);
/// Whether `wide` has all topics of `narrow`, with the same filters.
bool wants_include(std::string_view wide, std::string_view narrow);
bool wants_cover(std::string_view wide, std::string_view narrow);

}  // namespace sluice::delivery
