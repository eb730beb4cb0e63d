#include <algorithm>

#include <fmt/format.h>

#include "store/local_store.h"

namespace sluice::store {

Result<WallTime> LocalStore::store_time(const Queue& queue, QueueOffset offset) const {
  IndexEntry entry;
  const QueueOffset at = queue.first_from(offset);
  SLUICE_TRY(const std::size_t got, queue.read(at, std::span(&entry, 1)));
  if (got == 0 || at < queue.min()) return fail(Errc::not_found);
  SLUICE_TRY(const Slice slice, read(entry.position, entry.size));
  const auto scan = wire::record::scan(slice.bytes, wire::record::CrcCheck::skip);
  if (scan.kind != wire::record::Scan::Kind::record) {
    return fail(Errc::corrupt, fmt::format("queue {} of {} has an entry for {}, where no record is",
                                           queue.id().value, queue.topic(), entry.position.value));
  }
  return from_unix_ms(scan.record.placement.store_ms);
}

Result<QueueOffset> LocalStore::offset_at(const Queue& queue, WallTime time,
                                          Boundary boundary) const {
  // What compaction took away is as old as what comes behind it.
  const auto time_from = [&](QueueOffset offset) -> Result<WallTime> {
    if (queue.first_from(offset) >= queue.max()) return WallTime::max();
    return store_time(queue, offset);
  };
  const QueueOffset first = queue.min(), end = queue.max();
  QueueOffset low = first,
              high = end;  // the first message that is not before (upper: that is after) `time`
  while (low < high) {
    const QueueOffset middle = low + (high - low) / 2;
    SLUICE_TRY(const WallTime at, time_from(middle));
    if (boundary == Boundary::lower ? at >= time : at > time) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (boundary == Boundary::lower) return std::min(queue.first_from(low), end);
  return low == first ? QueueOffset(0) : low - 1;
}

}  // namespace sluice::store
