#include "store/torn_tail.h"

#include <algorithm>

#include "store/resync.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::int64_t kApacheMarginMs = 3000;  // StoreCheckpoint.getMinTimestamp
constexpr std::int64_t kWrittenOutMs = 60'000;

}  // namespace

bool lacks_a_piece(const record::Decoded& found, std::int64_t at) {
  const std::string_view text = found.message.properties;
  const auto begin = static_cast<std::size_t>(at + found.size) - text.size();
  const std::size_t first_piece = (begin + kPieceBytes - 1) / kPieceBytes * kPieceBytes;
  for (std::size_t piece = first_piece - begin; piece < text.size(); piece += kPieceBytes) {
    if (text.substr(piece, kPieceBytes).find_first_not_of('\0') == text.npos) return true;
  }
  return false;
}

bool may_seem_torn(std::string_view properties) {
  constexpr char kZeros[kPieceBytes] = {};
  return properties.contains('\0') &&
         (properties.back() == '\0' || properties.contains(std::string_view(kZeros, kPieceBytes)));
}

bool TornTail::has(const record::Decoded& found) {
  const std::int64_t position = found.placement.position.value;
  newest_ms_ = std::max(newest_ms_, found.placement.store_ms);
  if (known_.closed || !lacks_a_piece(found, position - log_.base_of(position))) return false;
  if (known_.flushed) return position >= *known_.flushed;
  if (newest_ms_ <= known_.apache_ms - kApacheMarginMs) return false;
  if (!last_whole_ms_) last_whole_ms_ = newest_behind(position);
  return newest_ms_ > *last_whole_ms_ - kWrittenOutMs;
}

/// Once for a log: it goes over all that follows.
std::int64_t TornTail::newest_behind(std::int64_t position) const {
  using Kind = record::Scan::Kind;
  std::int64_t newest = 0;
  while (const auto segment = log_.find(position)) {
    const record::Scan scan = record::scan(segment->from(position), record::CrcCheck::verify);
    if (scan.kind == Kind::blank) {
      position = segment->end();
      continue;
    }
    if (scan.kind != Kind::record || !is_sane(scan.record, position)) break;
    newest = std::max(newest, scan.record.placement.store_ms);
    position += scan.record.size;
  }
  return newest;
}

}  // namespace sluice::store
