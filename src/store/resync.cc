#include "store/resync.h"

#include <algorithm>
#include <cstring>

#include "store/layout.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::size_t kMagicAt = 4;
constexpr int kMagicByte = record::kMagicV1 >> 24U;
static_assert(kMagicByte == record::kMagicV2 >> 24U);

bool is_whole(Bytes rest, std::int64_t position) {
  const auto magic = load_be<std::uint32_t>(rest.data() + kMagicAt);
  if (magic != record::kMagicV1 && magic != record::kMagicV2) return false;
  const record::Scan scan = record::scan(rest, record::CrcCheck::verify);
  return scan.kind == record::Scan::Kind::record && is_sane(scan.record, position);
}

/// Within one segment: `bytes` begin at `position`.
std::optional<std::int64_t> find_in(Bytes bytes, std::int64_t position, std::int64_t below) {
  const auto limit = std::min(bytes.size(), static_cast<std::size_t>(below - position));
  for (std::size_t at = 0; at < limit && at + 2 * kMagicAt <= bytes.size(); ++at) {
    const std::byte* const from = bytes.data() + at + kMagicAt;
    const void* const hit = std::memchr(from, kMagicByte, bytes.size() - at - kMagicAt);
    if (hit == nullptr) return std::nullopt;
    at += static_cast<std::size_t>(static_cast<const std::byte*>(hit) - from);
    if (at >= limit || at + 2 * kMagicAt > bytes.size()) return std::nullopt;
    if (is_whole(bytes.subspan(at), position + static_cast<std::int64_t>(at))) {
      return position + static_cast<std::int64_t>(at);
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_sane(const record::Decoded& found, std::int64_t position) {
  const std::int64_t offset = found.placement.offset.value;
  return found.placement.position.value == position && offset >= 0 && offset <= position &&
         is_folder_name(found.message.topic) && found.message.queue.value >= 0;
}

bool is_whole_record(const SegmentSet& log, std::int64_t position) {
  const auto segment = log.find(position);
  if (segment == nullptr) return false;
  const Bytes rest = segment->from(position);
  return rest.size() >= 2 * kMagicAt && is_whole(rest, position);
}

std::optional<std::int64_t> next_whole_record(const SegmentSet& log, std::int64_t from,
                                              std::int64_t below) {
  while (from < below) {
    const auto segment = log.find(from);
    if (segment == nullptr) return std::nullopt;
    if (const auto found = find_in(segment->from(from), from, below)) return found;
    from = segment->end();
  }
  return std::nullopt;
}

}  // namespace sluice::store
