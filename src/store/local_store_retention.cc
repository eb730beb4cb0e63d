#include <algorithm>

#include "base/log.h"
#include "store/local_store.h"

/// What the store gives up: files of the log, and what topics keep beside it.
namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::int64_t kFilesAhead = 4, kSparedFiles = 4;
// The log waits for what is copied, and grows meanwhile.
constexpr std::int64_t kCopyFaster = 8;

}  // namespace

bool LocalStore::compact(std::int64_t bytes) {
  const bool compacting = compactor_.step(bytes);
  return keeper_.step(kCopyFaster * bytes) || compacting;
}

/// A segment's last write was before the next one's first record; where that one is damaged, before
/// a later one's.
Result<bool> LocalStore::may_drop_first(milliseconds keep) const {
  const std::int64_t size = segments_.segment_bytes();
  for (std::int64_t next = segments_.first() + size; next < log_.end().value; next += size) {
    const auto slice = log_.read_record(LogPosition(next));
    const auto scan = slice ? record::scan(slice->bytes, record::CrcCheck::skip) : record::Scan();
    if (scan.kind != record::Scan::Kind::record) continue;
    return clock_.wall() - from_unix_ms(scan.record.placement.store_ms) >= keep;
  }
  return false;
}

/// Files go in rounds: so that more than one can in the next, but not what is far from going.
LogPosition LocalStore::copy_ahead() const {
  const std::int64_t files = (segments_.last_end() - segments_.first()) / segments_.segment_bytes();
  const std::int64_t some = std::clamp<std::int64_t>(files / 4, 1, kFilesAhead);
  const std::int64_t end = segments_.first() + some * segments_.segment_bytes();
  return LogPosition(
      std::max(std::min(end, log_.flushed().value), segments_.first() + segments_.segment_bytes()));
}

Result<int> LocalStore::drop(int limit, const std::function<Result<bool>()>& may) {
  const std::lock_guard guard(maintenance_);
  int dropped = 0;
  for (; dropped < limit; ++dropped) {
    const LogPosition below(segments_.first() + segments_.segment_bytes());
    if (below >= log_.flushed()) break;
    SLUICE_TRY(const bool yes, may());
    if (!yes || !compactor_.covers(below) || !keeper_.covers(below, copy_ahead())) break;
    if (needed_ && needed_(below)) break;
    SLUICE_TRY(const bool indexed, files_have(below));
    if (!indexed) break;
    SLUICE_CHECK(segments_.drop_first());
  }
  if (dropped == 0) return 0;
  // Or a power cut could bring files back, and not what the indexes had of them.
  SLUICE_CHECK(segments_.sync_names());
  for (const auto& queue : registry_.all()) SLUICE_CHECK(queue->remove_old_files());
  keys_.drop_old();
  return dropped;
}

Result<int> LocalStore::apply(const Retention& rules, int hour, int limit) {
  raise_floors();
  keeper_.expire();
  SLUICE_TRY(const int dropped, drop(limit, [&]() -> Result<bool> {
               SLUICE_TRY(const Disk::Space space, disk_.space(options_.root));
               const std::int64_t log_bytes = segments_.last_end() - segments_.first();
               const Drop what = to_drop(rules, space, log_bytes, hour);
               if (what != Drop::expired) return what == Drop::oldest;
               return may_drop_first(rules.keep);
             }));
  SLUICE_CHECK(spare_the_disk(rules.force_ratio));
  return dropped;
}

/// While the log's files do not free enough, what topics keep beside it goes: a little history for
/// messages that can be sent.
Result<void> LocalStore::spare_the_disk(std::int32_t force_ratio) {
  const std::int64_t enough = kSparedFiles * segments_.segment_bytes();
  for (std::int64_t freed = 0, bytes = 1; freed < enough && bytes > 0; freed += bytes) {
    SLUICE_TRY(const Disk::Space space, disk_.space(options_.root));
    if (used_ratio(space) < force_ratio) return {};
    SLUICE_TRY(bytes, keeper_.give_up());
  }
  keeper_.lose_patience();
  return {};
}

/// One queue's damage is no reason that others keep all.
void LocalStore::raise_floors() {
  for (const auto& [queue, keep] : keeper_.timed()) {
    const WallTime limit = clock_.wall() - keep;
    const auto first = store_time(*queue, queue->min());
    if (first && *first >= limit) continue;
    const auto offset = offset_at(*queue, limit, Boundary::lower);
    if (offset) queue->raise_floor(*offset);
    if (offset || queue->min() >= queue->max()) continue;
    log::warn("expired_messages_stay", {{"topic", queue->topic()},
                                        {"queue", queue->id().value},
                                        {"why", offset.error().remark()}});
  }
}

Result<int> LocalStore::drop_older_than(milliseconds keep, int limit) {
  return drop(limit, [&] { return may_drop_first(keep); });
}

}  // namespace sluice::store
