#include "broker/retry_matching.h"

#include "broker/matching.h"
#include "wire/record/properties.h"
#include "wire/record/record.h"

namespace sluice::broker {

Result<bool> wants_retry(const store::MessageStore& store,
                         const delivery::Subscriptions* subscriptions,
                         const store::IndexEntry& entry) {
  if (subscriptions == nullptr) return true;
  SLUICE_TRY(const store::Slice slice, store.read(entry.position, entry.size));
  const auto found = wire::record::scan(slice.bytes, wire::record::CrcCheck::skip);
  if (found.kind != wire::record::Scan::Kind::record) return false;
  const auto topic = wire::record::find_property(found.record.message.properties,
                                                 wire::record::property::kRetryTopic);
  const auto subscription = subscriptions->find(topic);
  if (subscription == subscriptions->end()) return false;
  return matches(store, subscription->second.get(), entry);
}

}  // namespace sluice::broker
