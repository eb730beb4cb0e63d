#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "delivery/dispatch/queue_view.h"

/// What Dispatch wants done.
namespace sluice::delivery {

/// Send this message to this member.
struct Delivery {
  MemberId member = kNobody;
  QueueOffset offset;
  std::int32_t attempts = 0;  ///< deliveries before this one that failed
  WallTime stamp;             ///< tells this delivery of the message from others
  WallTime deadline;          ///< max(): until it is ended, or the member leaves
};

/// Attempts are used up: write the message elsewhere or drop it, then call bury(). Until then it
/// counts as unfinished, and is told again after a while.
struct Dead {
  QueueOffset offset;
  std::int32_t attempts = 0;
  MemberId progress = kNobody;  ///< broadcast: in whose progress
};

/// Tell the member whether it is the active one.
struct Notice {
  MemberId member = kNobody;
  bool active = false;
};

struct Decision {
  std::vector<Delivery> deliveries;
  std::vector<Dead> dead;
  /// When to ask again though nothing else happened.
  std::optional<WallTime> again;
};

/// What a reader sees that names its offset.
struct Seen {
  Decision decision;
  QueueOffset next;      ///< where to read on
  bool may_read = true;  ///< false: another member is the active one, or was a moment ago
};

}  // namespace sluice::delivery
