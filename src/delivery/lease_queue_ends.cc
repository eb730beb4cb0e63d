#include "delivery/lease_queue.h"

/// How leases are ended by those who hold them.
namespace sluice::delivery {

LeaseQueue::Outcome LeaseQueue::acknowledge(QueueOffset offset, WallTime stamp) {
  if (offset.value >= next_ || offset.value < 0) return Outcome::unknown;
  const Place place = find(offset.value);
  if (place.block == blocks_.end() && place.single == singles_.end()) return Outcome::late;
  if (place.block != blocks_.end()) {
    if (stamp != place.block->second.lease.stamp) return Outcome::unknown;
  } else {
    const Single& single = place.single->second;
    const WallTime latest = single.lease.stamp;
    if (stamp > latest) return Outcome::unknown;
    if (stamp < latest && single.leased) return Outcome::late;
  }
  take_out(place, offset.value);
  return Outcome::done;
}

void LeaseQueue::acknowledge(std::span<const QueueOffset> offsets, WallTime stamp,
                             std::vector<QueueOffset>& done) {
  for (std::size_t i = 0; i < offsets.size();) {
    // Those of the same block are one look-up; what is not pending in it is found one by one.
    const auto block = block_around(offsets[i].value);
    const bool mine = block != blocks_.end() && block->second.lease.stamp == stamp;
    std::uint64_t acknowledged = 0;
    for (; mine && i < offsets.size(); ++i) {
      const std::int64_t index = offsets[i].value - block->first;
      if (index < 0 || index >= kBlockSpan) break;
      if ((block->second.pending & ~acknowledged & bit(index)) == 0) break;
      acknowledged |= bit(index);
      done.push_back(offsets[i]);
    }
    if (acknowledged != 0) {
      take_out(block, acknowledged);
    } else {
      if (acknowledge(offsets[i], stamp) == Outcome::done) done.push_back(offsets[i]);
      ++i;
    }
  }
}

LeaseQueue::Outcome LeaseQueue::put_off(QueueOffset offset, WallTime stamp, const Lease& lease) {
  if (offset.value >= next_ || offset.value < 0) return Outcome::unknown;
  const Place place = find(offset.value);
  std::int32_t attempts = 0;
  if (place.block != blocks_.end()) {
    if (stamp != place.block->second.lease.stamp) return Outcome::unknown;
  } else if (place.single != singles_.end()) {
    const Single& single = place.single->second;
    if (stamp > single.lease.stamp) return Outcome::unknown;
    if (stamp < single.lease.stamp) return Outcome::late;
    attempts = single.attempts;
  } else {
    return Outcome::late;
  }
  take_out(place, offset.value);
  put_single(offset.value, {attempts, true, lease});
  return Outcome::done;
}

}  // namespace sluice::delivery
