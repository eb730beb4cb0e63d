#include <algorithm>

#include <fmt/format.h>

#include "store/local_store.h"

namespace sluice::store {

Result<WallTime> LocalStore::store_time(const Queue& queue, QueueOffset offset) const {
  IndexEntry entry;
  SLUICE_TRY(const std::size_t got, queue.read(offset, std::span(&entry, 1)));
  if (got == 0 || offset < queue.min()) return fail(Errc::not_found);
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
  const QueueOffset first = queue.min(), end = queue.max();
  QueueOffset low = first,
              high = end;  // the first message that is not before (upper: that is after) `time`
  while (low < high) {
    const QueueOffset middle = low + (high - low) / 2;
    SLUICE_TRY(const WallTime at, store_time(queue, middle));
    if (boundary == Boundary::lower ? at >= time : at > time) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (boundary == Boundary::lower) return low;
  return low == first ? QueueOffset(0) : low - 1;
}

}  // namespace sluice::store
