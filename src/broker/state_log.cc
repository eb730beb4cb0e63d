#include "broker/state_log.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "wire/record/record.h"

namespace sluice::broker {

Result<void> append_state(store::MessageStore& store, std::string_view topic, Bytes body,
                          const wire::record::Host& store_host, WallTime now) {
  return append_state(store, *store.queue(topic, QueueId(0)), body, store_host, now);
}

Result<void> append_state(store::MessageStore& store, store::Queue& queue, Bytes body,
                          const wire::record::Host& store_host, WallTime now) {
  store::Pending pending{.queue = &queue};
  pending.message.topic = queue.topic();
  pending.message.born_ms = unix_ms(now);
  pending.message.body = body;
  SLUICE_TRY(pending.size, wire::record::encoded_size(pending.message, store_host));
  pending.crc = wire::record::body_crc(body);
  SLUICE_CHECK(store.append({&pending, 1}));
  return {};
}

QueueOffset state_end(store::MessageStore& store, std::string_view topic) {
  return store.queue(topic, QueueId(0))->max();
}

Result<bool> look_back(const store::MessageStore& store, const store::Queue& queue, WallTime from,
                       std::size_t limit,
                       const std::function<bool(std::int64_t stored_ms, Bytes body)>& visit) {
  SLUICE_TRY(QueueOffset at, store.offset_at(queue, from, store::MessageStore::Boundary::lower));
  std::array<store::IndexEntry, 64> entries;
  for (std::size_t seen = 0; at < queue.max();) {
    SLUICE_TRY(const std::size_t count, queue.read(at, entries));
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i) {
      if (seen++ == limit) return false;
      if (entries[i].size == store::kBlankEntrySize) continue;
      SLUICE_TRY(const auto slice, store.read(entries[i].position, entries[i].size));
      const auto scan = wire::record::scan(slice.bytes, wire::record::CrcCheck::skip);
      if (scan.kind != wire::record::Scan::Kind::record) continue;
      if (!visit(scan.record.placement.store_ms, scan.record.message.body)) return true;
    }
    at += static_cast<std::int64_t>(count);
  }
  return true;
}

Result<void> replay_state(store::MessageStore& store, std::string_view topic, QueueOffset from,
                          const std::function<Result<void>(Bytes body)>& apply) {
  const auto queue = store.queue(topic, QueueId(0));
  std::array<store::IndexEntry, 64> entries;
  for (QueueOffset at = std::max(from, queue->min()); at < queue->max();) {
    SLUICE_TRY(const std::size_t count, queue->read(at, entries));
    for (std::size_t i = 0; i < count; ++i) {
      const store::IndexEntry& entry = entries[i];
      if (entry.size == store::kBlankEntrySize) continue;
      SLUICE_TRY(const auto slice, store.read(entry.position, entry.size));
      const auto scan = wire::record::scan(slice.bytes, wire::record::CrcCheck::verify);
      if (scan.kind != wire::record::Scan::Kind::record) {
        return fail(Errc::corrupt, fmt::format("{} at position {}: {}", topic, entry.position.value,
                                               scan.problem));
      }
      SLUICE_CHECK(apply(scan.record.message.body));
    }
    at += static_cast<std::int64_t>(count);
  }
  return {};
}

}  // namespace sluice::broker
