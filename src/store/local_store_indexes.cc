#include <utility>

#include "store/local_store.h"

/// How the queues' new entries come into their files, and what tells a start how far they are
/// there: the queue table and the checkpoint.
namespace sluice::store {
namespace {

// How often many index files are made durable. Until then a start reads the log of that time again.
constexpr milliseconds kIndexSyncEvery{5000};
// The queue table: a start behind it reads so much of the log, about 50 ms of work.
constexpr std::int64_t kTableBehindMax = 64 << 20;
constexpr milliseconds kTableEvery{5000};
constexpr std::int64_t kTableBytesPerMs = 1000;
// With very many queues: bytes of the log that have no entry in a file; and how many times longer
// than a write-out the pause between two is.
constexpr std::int64_t kUnwrittenMax = 512 << 20;
constexpr int kWriteOutPause = 10;
// How often the checkpoint is looked at meanwhile.
constexpr int kQueuesBetweenNotes = 256;

}  // namespace

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
  SLUICE_CHECK(write_dirty(LogPosition(next.flushed), all ? 1 : LogQueue::kWorthAWrite));
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
  const bool known = checkpoint_.indexes_below > 0;
  if (!known || flushed - checkpoint_.flushed < options_.flushed_behind) return {};
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

}  // namespace sluice::store
