#include "broker/retry_matching.h"

#include "broker/matching.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"

namespace sluice::broker {

bool wants_retry(const delivery::Subscriptions* subscriptions, std::int64_t tags_code,
                 Bytes record) {
  if (subscriptions == nullptr) return true;
  const auto found = wire::record::scan(record, wire::record::CrcCheck::skip);
  if (found.kind != wire::record::Scan::Kind::record) return false;
  const auto topic = wire::record::find_property(found.record.message.properties,
                                                 wire::record::property::kRetryTopic);
  const auto subscription = subscriptions->find(topic);
  if (subscription == subscriptions->end()) return false;
  return matches(subscription->second.get(), tags_code, record);
}

}  // namespace sluice::broker
