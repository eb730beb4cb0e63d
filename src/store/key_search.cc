#include <algorithm>
#include <string>

#include "store/local_store.h"
#include "wire/record/keys.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::int32_t kHitsMax = 64;  // Apache's maxMsgsNumBatch
constexpr std::int32_t kEntriesMax = 20'000;
constexpr std::int32_t kRecordsMax = 256;
constexpr std::size_t kBytesMax = 12 << 20;  // of answers: clients take frames of 16 MiB

/// Other keys can have the same hash, and the index rounds times to seconds.
bool matches(const record::Decoded& found, const KeyQuery& query) {
  if (found.message.topic != query.topic || found.placement.store_ms < query.from_ms ||
      found.placement.store_ms > query.to_ms) {
    return false;
  }
  const std::string_view properties = found.message.properties;
  if (record::find_property(properties, record::property::kUniqueKey) == query.key) return true;
  return !query.unique_only &&
         record::has_word(record::find_property(properties, record::property::kKeys), query.key);
}

}  // namespace

Result<KeyResult> LocalStore::find_by_key(const KeyQuery& query) const {
  const KeyHeader last = keys_.index().last();
  KeyResult result{.last_ms = last.end_ms, .last = LogPosition(last.end)};
  const auto wanted = static_cast<std::size_t>(std::clamp(query.max, 0, kHitsMax));
  if (wanted == 0 || query.key.empty()) return result;
  std::int32_t records_left = kRecordsMax;
  std::size_t bytes = 0;
  std::int64_t before = -1;  // entries of one record lie together
  const auto visit = [&](std::int64_t position) {
    if (position == before) return true;
    before = position;
    if (records_left-- == 0) {
      result.complete = false;
      return false;
    }
    auto slice = log_.read_record(LogPosition(position));
    if (!slice) return true;  // dropped with its segment
    if (!matches(record::scan(slice->bytes, record::CrcCheck::skip).record, query)) return true;
    bytes += slice->bytes.size();
    if (bytes > kBytesMax && !result.records.empty()) {
      result.complete = false;
      return false;
    }
    result.records.push_back(std::move(*slice));
    return result.records.size() < wanted;
  };
  const std::string text = std::string(query.topic) + '#' + std::string(query.key);
  SLUICE_TRY(const bool ended,
             keys_.index().find(key_hash(text), query.from_ms, query.to_ms, kEntriesMax, visit));
  result.complete = result.complete && ended;
  std::ranges::reverse(result.records);
  return result;
}

}  // namespace sluice::store
