#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "delivery/filter_key.h"

namespace sluice::broker {

/// Whether a message of a retry topic came from a topic that `subscriptions` has, and passes its
/// filter there: then the member is one that had wanted it. True for every message when null. Any
/// thread.
bool wants_retry(const delivery::Subscriptions* subscriptions, std::int64_t tags_code,
                 Bytes record);

}  // namespace sluice::broker
