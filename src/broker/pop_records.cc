#include <cstring>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/popping.h"
#include "wire/record/record.h"

/// From what a pop took to the bytes that leave: neighbours in the log are one slice; a message
/// that was out before is copied, with its attempts in reconsumeTimes.
namespace sluice::broker {
namespace {

store::Slice with_attempts(const store::Slice& record, std::int32_t attempts) {
  const std::size_t size = record.bytes.size();
  auto copy = std::make_shared_for_overwrite<std::byte[]>(size);
  std::memcpy(copy.get(), record.bytes.data(), size);
  wire::record::add_reconsume_times(MutableBytes(copy.get(), size), attempts);
  return {.bytes = Bytes(copy.get(), size), .owner = copy};
}

/// Those in memory, neighbours together. False: some are not.
Result<bool> read_now(const store::MessageStore& store, PopResult& result) {
  const auto& entries = result.entries;
  for (std::size_t i = 0; i < entries.size();) {
    const std::int32_t attempts = result.messages[i].attempts;
    const LogPosition start = entries[i].position;
    std::int32_t size = entries[i].size;
    for (++i; attempts == 0 && i < entries.size(); ++i) {
      const bool neighbour =
          result.messages[i].attempts == 0 && entries[i].position == start + size;
      if (!neighbour) break;
      size += entries[i].size;
    }
    // What is wrong with one of them, the slower way finds out.
    const auto slice = store.read_now(start, size);
    if (!slice || !*slice) return false;
    result.records.push_back(attempts == 0 ? **slice : with_attempts(**slice, attempts));
  }
  return true;
}

Result<void> read_each(const store::MessageStore& store, PopResult& result) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < result.entries.size(); ++i) {
    const PopResult::Message message = result.messages[i];
    const store::IndexEntry entry = result.entries[i];
    auto slice = store.read_checked(entry.position, entry.size, true);
    const bool damaged = !slice && (slice.error().code() == Errc::corrupt ||
                                    slice.error().code() == Errc::not_found);
    // It was moved or has expired: it is looked for anew when its lease is over.
    const bool was_in_log = entry.position >= result.log_begins;
    const bool gone = store::is_compacted(entry.position) ||
                      (was_in_log && entry.position < store.min_position());
    const bool moved = damaged && gone && slice.error().code() == Errc::not_found;
    if (moved) {
      result.bytes -= static_cast<std::size_t>(entry.size);
      continue;
    }
    if (damaged) {
      log::error("damaged_message", {{"queue", message.queue.value},
                                     {"offset", message.offset.value},
                                     {"why", slice.error().remark()}});
      result.damaged.push_back(message);
      result.bytes -= static_cast<std::size_t>(entry.size);
      continue;
    }
    if (!slice) return std::unexpected(std::move(slice.error()));
    result.records.push_back(message.attempts == 0 ? *std::move(slice)
                                                   : with_attempts(*slice, message.attempts));
    result.messages[kept] = message;
    result.entries[kept++] = entry;
  }
  result.messages.resize(kept);
  result.entries.resize(kept);
  return {};
}

}  // namespace

Result<void> read_popped(Broker& broker, PopResult& result, Wait wait) {
  result.records.clear();
  SLUICE_TRY(const bool there, read_now(broker.store(), result));
  result.cold = !there && wait == Wait::no;
  if (!there) result.records.clear();
  if (result.cold) return {};
  if (!there) SLUICE_CHECK(read_each(broker.store(), result));
  if (!result.messages.empty()) {
    Traffic& traffic = broker.traffic();
    traffic.got_messages.fetch_add(static_cast<std::int64_t>(result.messages.size()),
                                   std::memory_order_relaxed);
    traffic.got_bytes.fetch_add(static_cast<std::int64_t>(result.bytes), std::memory_order_relaxed);
  }
  return {};
}

}  // namespace sluice::broker
