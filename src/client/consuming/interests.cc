#include "client/consuming/interests.h"

namespace sluice::client {

using namespace wire::remoting;

namespace {

std::string_view from_where(StartAt start) {
  switch (start) {
    case StartAt::first: return "CONSUME_FROM_FIRST_OFFSET";
    case StartAt::time: return "CONSUME_FROM_TIMESTAMP";
    case StartAt::last: break;
  }
  return "CONSUME_FROM_LAST_OFFSET";
}

std::vector<SubscriptionData> subscriptions_of(const Interests& interests) {
  std::vector<SubscriptionData> all;
  all.reserve(interests.size());
  for (const auto& [topic, interest] : interests) {
    all.push_back({.topic = topic,
                   .expression = interest.subscription.expression,
                   .type = interest.subscription.sql ? "SQL92" : "TAG",
                   .version = interest.version});
  }
  return all;
}

}  // namespace

ConsumerData heartbeat_of(const Introduction& member) {
  return {.group = member.group,
          .consume_type = static_cast<std::int32_t>(member.way),
          .message_model = member.broadcasting ? 0 : 1,
          .from_where = std::string(from_where(member.start)),
          .subscriptions = subscriptions_of(member.interests)};
}

void tell(RunningInfo& info, const Introduction& member) {
  info.properties["PROP_CONSUME_TYPE"] = consume_type_name(static_cast<std::int32_t>(member.way));
  info.subscriptions = subscriptions_of(member.interests);
}

Result<void> check_group(const std::string& group, std::span<const Subscription> subscriptions) {
  if (group.empty()) return bad_option("a consumer needs a group");
  for (const Subscription& s : subscriptions) {
    if (s.topic.empty()) return bad_option("a subscription names no topic");
  }
  return {};
}

}  // namespace sluice::client
