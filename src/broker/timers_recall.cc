#include <algorithm>
#include <limits>

#include "broker/timers.h"
#include "broker/waiting_record.h"
#include "wire/record/properties.h"

/// Taking timed messages back.
namespace sluice::broker {
namespace record = wire::record;
namespace {

constexpr std::string_view kRecallTag = "_RECALL_TAG_";
constexpr std::string_view kRecallBody = "0";
constexpr std::int32_t kRecordsMax = 64;

std::string_view property_of(const record::Decoded& found, std::string_view name) {
  return record::find_property(found.message.properties, name);
}

/// Whether it is the message that the handle names, or a copy of it.
bool is_meant(const record::Decoded& found, const RecallHandle& handle) {
  return found.message.topic == kTimerTopic &&
         property_of(found, record::property::kUniqueKey) == handle.unique_key &&
         property_of(found, record::property::kRealTopic) == handle.topic &&
         property_of(found, record::property::kTimerDeletes).empty();
}

store::KeyQuery key_query(const RecallHandle& handle) {
  return {.topic = kTimerTopic,
          .key = handle.unique_key,
          .unique_only = true,
          .from_ms = 0,
          .to_ms = std::numeric_limits<std::int64_t>::max(),
          .max = kRecordsMax};
}

}  // namespace

/// The handle says where the message was stored; it may have been copied since, which the key index
/// knows.
Result<std::vector<Timers::Located>> Timers::locate(const RecallHandle& handle) const {
  std::vector<Located> all;
  const auto take = [&](store::Slice slice) {
    bool whole = false;
    const record::Decoded found = decode(slice, whole);
    const auto due =
        whole && is_meant(found, handle) ? due_ms_of(found, options_.precision) : std::nullopt;
    if (!due) return;
    all.push_back({{*due, found.placement.position.value}, std::move(slice)});
  };
  if (handle.position) {
    auto slice = store_.read_record(*handle.position);
    if (!slice && slice.error().code() == Errc::io_error) return fail(std::move(slice.error()));
    if (slice) take(std::move(*slice));
  }
  SLUICE_TRY(auto found, store_.find_by_key(key_query(handle)));
  for (store::Slice& slice : found.records) take(std::move(slice));
  return all;
}

Result<bool> Timers::was_recalled(const RecallHandle& handle) const {
  SLUICE_TRY(const auto found, store_.find_by_key(key_query(handle)));
  return std::ranges::any_of(found.records, [&](const store::Slice& slice) {
    bool whole = false;
    const record::Decoded recall = decode(slice, whole);
    return whole && is_recall_of(property_of(recall, record::property::kTimerDeletes), handle.topic,
                                 handle.unique_key);
  });
}

Result<Timers::Recall> Timers::recall(const RecallHandle& handle, WallTime now) {
  using State = store::DueIndex::State;
  if (!index_) return Recall{};
  SLUICE_TRY(const auto found, locate(handle));
  bool removed = false;
  for (const Located& one : found) {
    SLUICE_TRY(State state, index_->hold(one.key));
    if (state == State::unknown) {  // stored just now, perhaps
      const std::lock_guard lock(work_mutex_);
      SLUICE_CHECK(follow(LogPosition(std::numeric_limits<std::int64_t>::max())));
      SLUICE_TRY(state, index_->hold(one.key));
    }
    if (state == State::waiting) return take_back(one, handle, now);
    if (state == State::held || state == State::taken) return Recall{.what = Recalled::busy};
    removed = removed || state == State::removed;
  }
  if (found.empty()) return Recall{};
  SLUICE_TRY(const bool before, was_recalled(handle));
  return Recall{.what = before || removed ? Recalled::before : Recalled::delivered};
}

Result<LogPosition> Timers::append_one(store::Pending& pending) {
  SLUICE_TRY(pending.size, record::encoded_size(pending.message, store_host_));
  return store_.append({&pending, 1});
}

/// The entry is held: nobody delivers it.
Result<Timers::Recall> Timers::take_back(const Located& found, const RecallHandle& handle,
                                         WallTime now) {
  using Release = store::DueIndex::Release;
  bool whole = false;
  const record::Decoded waiting = decode(found.record, whole);
  std::string properties;
  const auto put = [&properties](std::string_view name, std::string_view value) {
    record::append_property(properties, name, value);
  };
  put(record::property::kTags, kRecallTag);
  put(record::property::kTimerDeletes, handle.unique_key);
  put(record::property::kUniqueKey, handle.unique_key);
  put(record::property::kTimerDeliverMs, std::to_string(found.key.due_ms));
  put(record::property::kTimerOutMs, property_of(waiting, record::property::kTimerOutMs));
  put(record::property::kRealTopic, handle.topic);
  put(record::property::kRealQueue, "0");
  store::Pending pending{.queue = waiting_.get()};
  pending.message = {.topic = kTimerTopic, .queue = QueueId(0), .born_ms = unix_ms(now)};
  pending.message.prepared = LogPosition(found.key.position);
  pending.message.body = as_bytes(kRecallBody);
  pending.message.properties = properties;
  pending.crc = record::body_crc(pending.message.body);
  auto until = append_one(pending);
  index_->release(found.key, until ? Release::removed : Release::as_before);
  if (!until) return fail(std::move(until.error()));
  return Recall{.what = Recalled::now, .until = *until};
}

}  // namespace sluice::broker
