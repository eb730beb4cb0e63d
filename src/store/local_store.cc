#include "store/local_store.h"

#include <utility>

#include <unistd.h>

#include "base/log.h"
#include "store/layout.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::size_t kOpenIndexFiles = 256;
// How often many index files are made durable. Until then a start reads the log of that time again.
constexpr milliseconds kIndexSyncEvery{5000};
// The queue table: a start behind it reads so much of the log, about 50 ms of work.
constexpr std::int64_t kTableBehindMax = 64 << 20;
constexpr milliseconds kTableEvery{5000};
constexpr std::int64_t kTableBytesPerMs = 1000;
// With very many queues: entries that are worth opening a file; bytes of the log that have no entry
// in a file; and how many times longer than a write-out the pause between two is.
constexpr std::int64_t kWorthAWrite = 64;
constexpr std::int64_t kUnwrittenMax = 512 << 20;
constexpr std::int64_t kFlushedBehindMax = 64 << 20;
constexpr int kQueuesBetweenNotes = 256;
constexpr int kWriteOutPause = 10;
// What was written last is in the page cache; asking costs a system call.
constexpr std::int64_t kSurelyInMemory = 32 << 20;

}  // namespace

Result<std::unique_ptr<MessageStore>> MessageStore::open(Disk& disk, Clock& clock,
                                                         StoreOptions options) {
  auto store = std::make_unique<LocalStore>(disk, clock, std::move(options));
  SLUICE_CHECK(store->start());
  return store;
}

LocalStore::LocalStore(Disk& disk, Clock& clock, StoreOptions options)
    : disk_(disk),
      clock_(clock),
      options_(std::move(options)),
      segments_(disk, log_folder(options_.root), options_.segment_bytes),
      index_files_(disk, indexes_folder(options_.root),
                   options_.index_file_bytes / kIndexEntryBytes * kIndexEntryBytes,
                   kOpenIndexFiles),
      registry_(index_files_, segments_),
      log_(segments_, clock, options_),
      keys_(disk, clock, options_, segments_, log_),
      compactor_(disk, clock, options_, registry_, log_),
      cold_(segments_, options_.cold_bytes) {}

Result<void> LocalStore::start() {
  SLUICE_CHECK(disk_.make_folder(options_.root));
  SLUICE_TRY(lock_, disk_.lock(lock_path(options_.root)));
  SLUICE_CHECK(lock_->write(0, as_bytes("lock")));
  Recovery recovery(disk_, options_, segments_, registry_, log_.tail());
  SLUICE_TRY(const Recovered found, recovery.run());
  log_.start(found.end, found.store_ms);
  checked_from_ = found.scanned_from;
  written_out_ = found.scanned_from;
  checkpoint_.apache = found.apache;
  if (found.own_checkpoint) checkpoint_.indexes_below = checkpoint_.flushed = found.scanned_from;
  last_sync_ = last_table_ = last_write_out_ = clock_.steady();
  if (found.queue_table || found.table_written) table_position_ = found.scanned_from;
  SLUICE_CHECK(keys_.start(found));
  SLUICE_CHECK(compactor_.start());
  SLUICE_CHECK(mark_running());
  log_start(found);
  return {};
}

void LocalStore::log_start(const Recovered& found) const {
  log::info("store_opened", {{"root", options_.root},
                             {"closed_before", found.clean},
                             {"own_checkpoint", found.own_checkpoint},
                             {"queue_table", found.queue_table},
                             {"first", segments_.first()},
                             {"scanned_from", found.scanned_from},
                             {"records_scanned", found.records},
                             {"end", found.end},
                             {"cut_because", found.cut_because},
                             {"queues", registry_.all().size()}});
}

Result<void> LocalStore::mark_running() {
  SLUICE_TRY(auto mark, disk_.open(abort_path(options_.root), Disk::Open::create));
  const std::string process = fmt::to_string(::getpid());
  SLUICE_CHECK(mark->resize(0));
  SLUICE_CHECK(mark->write(0, as_bytes(process)));
  SLUICE_CHECK(mark->sync());
  return disk_.sync_folder(options_.root);
}

std::shared_ptr<Queue> LocalStore::queue(std::string_view topic, QueueId id) {
  return registry_.find_or_create(topic, id);
}

std::vector<std::shared_ptr<Queue>> LocalStore::queues() const {
  std::vector<std::shared_ptr<Queue>> queues;
  for (auto& queue : registry_.all()) {
    if (queue->max().value > 0) queues.push_back(std::move(queue));
  }
  return queues;
}

Result<LogPosition> LocalStore::append(std::span<Pending> batch) {
  if (batch.empty()) return log_.end();
  return log_.append(batch);
}

Result<Slice> LocalStore::read(LogPosition position, std::int32_t size) const {
  return is_compacted(position) ? compactor_.read(position, size) : log_.read(position, size);
}

Result<std::optional<Slice>> LocalStore::read_now(LogPosition position, std::int32_t size) const {
  if (is_compacted(position)) return compactor_.read(position, size);
  SLUICE_TRY(CommitLog::Place place, log_.locate(position, size));
  const bool there =
      position.value >= checked_from_ && (position.value >= log_.end().value - kSurelyInMemory ||
                                          place.segment->in_memory(position.value, size));
  if (there) return Slice{.bytes = place.bytes, .owner = std::move(place.segment)};
  return cold_.find(position, size);
}

Result<Slice> LocalStore::read_checked(LogPosition position, std::int32_t size, bool ahead) const {
  if (is_compacted(position)) return compactor_.read(position, size);
  SLUICE_TRY(auto there, read_now(position, size));
  if (!there) return cold_.load(position, size, ahead, log_.confirmed().value);
  // The bytes are well; the index that names them may not be.
  const record::Scan scan = record::scan(there->bytes, record::CrcCheck::skip);
  const bool begins_there = scan.kind == record::Scan::Kind::record && scan.record.size == size &&
                            scan.record.placement.position == position;
  if (begins_there) return *std::move(there);
  return fail(Errc::corrupt, fmt::format("{} has no record of {} bytes at {}",
                                         segments_.path_of(position.value), size, position.value));
}

Result<Slice> LocalStore::read_record(LogPosition position) const {
  return is_compacted(position) ? compactor_.read_record(position) : log_.read_record(position);
}

Result<void> LocalStore::remove_topic(std::string_view topic) {
  SLUICE_CHECK(compactor_.forget(std::string(topic)));
  const std::lock_guard guard(maintenance_);
  const auto queues = registry_.of_topic(topic);
  if (queues.empty()) return {};
  for (const auto& queue : queues) log_.tail().mark_removed(*queue);
  // The checkpoint passes the topic's last record before its files go, so that no start finds it
  // again.
  SLUICE_CHECK(write_indexes(Sync::now));
  return registry_.erase_removed(std::string(topic));
}

void LocalStore::maintain() {
  const std::lock_guard guard(maintenance_);
  if (closed_) return;
  look_at_space();
  if (auto done = write_indexes(Sync::when_due); !done) {
    log::error("store_maintenance_failed", {{"why", done.error().remark()}});
    // Of what a full disk did not take nothing is lost: it is written when there is space.
    if (done.error().code() != Errc::disk_full) log_.tail().refuse(done.error());
  }
  if (auto done = log_.prepare_segment(); !done) {
    log::warn("segment_not_prepared", {{"why", done.error().remark()}});
  }
}

void LocalStore::look_at_space() {
  const auto space = disk_.space(options_.root);
  if (!space) return log::warn("space_unknown", {{"why", space.error().remark()}});
  std::string why = refusal(options_.space, *space, options_.root);
  const bool refuse = !why.empty();
  {
    const std::lock_guard guard(refusal_mutex_);
    refusal_ = std::move(why);
  }
  if (refusing_.exchange(refuse) != refuse) {
    log::warn(refuse ? "disk_nearly_full" : "disk_has_space",
              {{"path", options_.root}, {"used_percent", used_ratio(*space)}});
  }
  if (!log_.paused() || space->available < 2 * options_.tail_bytes) return;
  if (auto done = log_.resume(); !done) {
    log::error("log_not_resumed", {{"why", done.error().remark()}});
  }
}

Result<void> LocalStore::accepts() const {
  if (!refusing_.load(std::memory_order_relaxed)) return {};
  const std::lock_guard guard(refusal_mutex_);
  if (refusal_.empty()) return {};
  return fail(Errc::disk_full, refusal_);
}

bool LocalStore::sync_is_due() const {
  return !index_files_.sync_is_large() || clock_.steady() - last_sync_ >= kIndexSyncEvery;
}

Result<void> LocalStore::write_indexes(Sync sync) {
  SLUICE_CHECK(log_.flush());
  Checkpoint next = checkpoint_;
  const std::int64_t store_ms = log_.flushed_store_ms();  // first: it may be too old, not too new
  next.flushed = next.indexes_below = log_.flushed().value;
  next.apache.log_ms = next.apache.index_ms = store_ms;
  next.apache.keys_ms = keys_.index().flushed_ms();
  const bool all = sync == Sync::now || write_out_is_due(next.flushed);
  const SteadyTime begun = clock_.steady();
  SLUICE_CHECK(write_dirty(LogPosition(next.flushed), all ? 1 : kWorthAWrite));
  if (!all) return note_flushed();
  written_out_ = next.flushed;
  last_write_out_ = clock_.steady();
  write_out_took_ = last_write_out_ - begun;
  if (sync == Sync::when_due && !sync_is_due()) return {};
  SLUICE_CHECK(sync_index_files());
  last_sync_ = clock_.steady();
  if (sync == Sync::now || table_is_due(next.flushed)) SLUICE_CHECK(write_table(next.flushed));
  if (next == checkpoint_) return {};
  SLUICE_CHECK(write_checkpoint(disk_, options_.root, next));
  checkpoint_ = next;
  return {};
}

/// While the indexes of very many queues are not written, the checkpoint says at least how far the
/// log itself is safe: a start after a crash writes again what lies behind that.
Result<void> LocalStore::note_flushed() {
  const std::int64_t flushed = log_.flushed().value;
  if (checkpoint_.indexes_below == 0 || flushed - checkpoint_.flushed < kFlushedBehindMax)
    return {};
  Checkpoint next = checkpoint_;
  next.flushed = flushed;
  SLUICE_CHECK(write_checkpoint(disk_, options_.root, next));
  checkpoint_ = next;
  return {};
}

/// After a failed sync the kernel may have dropped what it was about, and a later one would not
/// say so: no checkpoint may trust these files any more. The next start writes them from the log.
Result<void> LocalStore::sync_index_files() {
  if (index_failure_) return fail(index_failure_->code(), std::string(index_failure_->remark()));
  auto synced = index_files_.sync();
  if (!synced) index_failure_.emplace(synced.error().code(), std::string(synced.error().remark()));
  return synced;
}

/// A start reads the log from the table's position on. Rarely enough that a large table costs an
/// eighth of what goes to the log, at most.
bool LocalStore::table_is_due(std::int64_t position) const {
  if (table_position_ < 0) return true;
  const std::int64_t grown = position - table_position_;
  const auto pause = kTableEvery + milliseconds(table_bytes_ / kTableBytesPerMs);
  return grown > std::max(kTableBehindMax, 8 * table_bytes_) ||
         (grown > 0 && clock_.steady() - last_table_ >= pause);
}

Result<void> LocalStore::write_table(std::int64_t position) {
  SLUICE_TRY(table_bytes_, write_queue_table(disk_, options_.root, registry_.table(position)));
  table_position_ = position;
  last_table_ = clock_.steady();
  return {};
}

/// To write one entry takes as long as to write a thousand, for a file has to be opened. So with
/// very many queues those with few entries keep them in memory for a while; the log has them all,
/// and a start reads on from there, some hundred milliseconds for as much as is allowed here.
bool LocalStore::write_out_is_due(std::int64_t position) const {
  if (std::cmp_less_equal(log_.tail().dirty_count(), options_.few_queues)) return true;
  if (position - written_out_ >= kUnwrittenMax) return true;
  const auto pause =
      std::max<SteadyTime::duration>(kIndexSyncEvery, kWriteOutPause * write_out_took_);
  return clock_.steady() - last_write_out_ >= pause;
}

Result<void> LocalStore::write_dirty(LogPosition below, std::int64_t entries_min) {
  std::vector<std::shared_ptr<LogQueue>> left;
  Result<void> result;
  int written_queues = 0;
  for (auto& queue : log_.tail().take_dirty()) {
    bool more = true;
    if (result && queue->unwritten() >= entries_min) {
      if (++written_queues % kQueuesBetweenNotes == 0) result = note_flushed();
      auto written = queue->write_below(below);
      if (written) {
        more = *written;
      } else {
        result = fail(std::move(written.error()));
      }
    }
    if (more) left.push_back(std::move(queue));
  }
  log_.tail().add_dirty(std::move(left));
  return result;
}

/// A segment's last write was before the next one's first record.
Result<bool> LocalStore::may_drop_first(milliseconds keep) const {
  const std::int64_t next = segments_.first() + segments_.segment_bytes();
  SLUICE_TRY(const Slice slice, log_.read_record(LogPosition(next)));
  const record::Scan scan = record::scan(slice.bytes, record::CrcCheck::skip);
  return clock_.wall() - from_unix_ms(scan.record.placement.store_ms) >= keep;
}

Result<int> LocalStore::drop(int limit, const std::function<Result<bool>()>& may) {
  const std::lock_guard guard(maintenance_);
  int dropped = 0;
  for (; dropped < limit; ++dropped) {
    // Below the checkpoint everything is in the indexes.
    if (segments_.first() + segments_.segment_bytes() >= checkpoint_.indexes_below) break;
    SLUICE_TRY(const bool yes, may());
    if (!yes) break;
    if (!compactor_.covers(LogPosition(segments_.first() + segments_.segment_bytes()))) break;
    if (needed_ && needed_(LogPosition(segments_.first() + segments_.segment_bytes()))) break;
    SLUICE_CHECK(segments_.drop_first());
  }
  if (dropped == 0) return 0;
  for (const auto& queue : registry_.all()) SLUICE_CHECK(queue->remove_old_files());
  keys_.drop_old();
  return dropped;
}

Result<int> LocalStore::apply(const Retention& rules, int hour, int limit) {
  return drop(limit, [&]() -> Result<bool> {
    SLUICE_TRY(const Disk::Space space, disk_.space(options_.root));
    const Drop what = to_drop(rules, space, segments_.last_end() - segments_.first(), hour);
    if (what != Drop::expired) return what == Drop::oldest;
    return may_drop_first(rules.keep);
  });
}

Result<int> LocalStore::drop_older_than(milliseconds keep, int limit) {
  return drop(limit, [&] { return may_drop_first(keep); });
}

Result<void> LocalStore::close() {
  const std::lock_guard guard(maintenance_);
  if (std::exchange(closed_, true)) return {};
  auto done = finish_clean();
  lock_.reset();
  return done;
}

Result<void> LocalStore::finish_clean() {
  SLUICE_CHECK(log_.close());
  SLUICE_CHECK(log_.flush());
  auto keys_closed = keys_.close();
  SLUICE_CHECK(write_indexes(Sync::now));
  SLUICE_CHECK(std::move(keys_closed));
  SLUICE_CHECK(disk_.remove(abort_path(options_.root)));
  return disk_.sync_folder(options_.root);
}

}  // namespace sluice::store
