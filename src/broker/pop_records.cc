#include <cstring>

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

}  // namespace

Result<void> PopBatch::read_records(PopResult& result) {
  const store::MessageStore& store = broker_.store();
  for (std::size_t i = 0; i < entries_.size();) {
    const std::int32_t attempts = result.messages[i].attempts;
    const LogPosition start = entries_[i].position;
    std::int32_t size = entries_[i].size;
    for (++i; attempts == 0 && i < entries_.size(); ++i) {
      const bool neighbour =
          result.messages[i].attempts == 0 && entries_[i].position == start + size;
      if (!neighbour) break;
      size += entries_[i].size;
    }
    SLUICE_TRY(auto slice, store.read(start, size));
    result.records.push_back(attempts == 0 ? std::move(slice) : with_attempts(slice, attempts));
  }
  if (!result.messages.empty()) {
    Traffic& traffic = broker_.traffic();
    traffic.got_messages.fetch_add(static_cast<std::int64_t>(result.messages.size()),
                                   std::memory_order_relaxed);
    traffic.got_bytes.fetch_add(static_cast<std::int64_t>(result.bytes), std::memory_order_relaxed);
  }
  return {};
}

}  // namespace sluice::broker
