#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "store/message_store.h"

/// An entry of a queue's index as its files have it: i64 position, i32 size, i64 code of the tag,
/// big-endian. Source: apache/rocketmq store/ConsumeQueue.java.
namespace sluice::store {

inline void encode_entry(const IndexEntry& entry, std::byte* to) {
  store_be(to, entry.position.value);
  store_be(to + 8, entry.size);
  store_be(to + 12, entry.tags_code);
}

inline IndexEntry decode_entry(const std::byte* from) {
  return {.position = LogPosition(load_be<std::int64_t>(from)),
          .size = load_be<std::int32_t>(from + 8),
          .tags_code = load_be<std::int64_t>(from + 12)};
}

/// False where nothing was written yet.
inline bool is_used(const IndexEntry& entry) { return entry.position.value >= 0 && entry.size > 0; }

/// Apache's filling before the first message. Where one was lost later, the blank entry has the
/// position of the next, so that positions never fall.
inline bool is_before_first(const IndexEntry& entry) {
  return entry.size == kBlankEntrySize && entry.position.value == 0;
}

}  // namespace sluice::store
