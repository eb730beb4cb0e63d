#include "broker/matching.h"

namespace sluice::broker {

Result<bool> matches(const store::MessageStore& /*store*/,
                     const delivery::Subscription* subscription, const store::IndexEntry& entry) {
  return subscription == nullptr || subscription->wants_all() ||
         subscription->matches(entry.tags_code);
}

}  // namespace sluice::broker
