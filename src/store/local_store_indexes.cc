#include <algorithm>
#include <iterator>
#include <utility>

#include "store/local_store.h"

/// How the queues' new entries come into their files, and what tells a start how far they are
/// there: the queue table and the checkpoint.
namespace sluice::store {
namespace {

// How often many index files are made durable. Until then a start reads the log of that time again.
constexpr milliseconds kIndexSyncEvery{5000};
// The same when a table has to wait for that.
constexpr milliseconds kIndexSyncForTable{1000};
// The queue table: a start behind it reads so much of the log, about 50 ms of work; or more, so
// that a table costs an eighth of the log's bytes at most, and a row of it, some hundred
// nanoseconds, comes to eight messages.
constexpr std::int64_t kTableBehindMax = 64 << 20;
constexpr milliseconds kTableEvery{5000};
constexpr std::int64_t kLogToTable = 8;
constexpr std::int64_t kEntriesToRows = 8;
// How often table and checkpoint are looked at while very many files are written.
constexpr int kQueuesBetweenNotes = 256;

}  // namespace

bool LocalStore::sync_is_due(std::int64_t position) const {
  if (!index_files_.sync_is_large()) return true;
  const auto since = clock_.steady() - last_sync_;
  return since >= (table_is_due(position) ? kIndexSyncForTable : kIndexSyncEvery);
}

/// `older_than`: entries of records below come into the files in any case.
Result<void> LocalStore::write_indexes(Sync sync, LogPosition older_than) {
  SLUICE_CHECK(log_.flush());
  Checkpoint next = checkpoint_;
  const std::int64_t store_ms = log_.flushed_store_ms();  // first: it may be too old, not too new
  next.flushed = log_.flushed().value;
  SLUICE_CHECK(write_dirty(LogPosition(next.flushed), sync, older_than));
  if (sync == Sync::when_due && !sync_is_due(next.flushed)) return note_flushed();
  SLUICE_CHECK(sync_index_files());
  if (sync == Sync::all || table_is_due(next.flushed)) SLUICE_CHECK(write_table(next.flushed));
  next.indexes_below = unwritten_.oldest(LogPosition(next.flushed)).value;
  next.apache.log_ms = store_ms;
  next.apache.index_ms = indexes_ms(next, store_ms);
  next.apache.keys_ms = keys_.index().flushed_ms();
  if (next == checkpoint_) return {};
  SLUICE_CHECK(write_checkpoint(disk_, options_.root, next));
  checkpoint_ = next;
  return {};
}

/// Apache's broker knows no table: it has to read the log from where the files lack entries.
std::int64_t LocalStore::indexes_ms(const Checkpoint& next, std::int64_t flushed_ms) const {
  if (next.indexes_below == next.flushed) return flushed_ms;
  const std::int64_t before = std::min(checkpoint_.apache.index_ms, flushed_ms);
  if (next.indexes_below == checkpoint_.indexes_below) return before;
  const auto slice = log_.read_record(LogPosition(next.indexes_below));
  if (!slice) return before;
  return wire::record::scan(slice->bytes, wire::record::CrcCheck::skip).record.placement.store_ms;
}

/// While index files of very many queues are made, the checkpoint says at least how far the log
/// itself is safe: a start after a crash writes again what lies behind that.
Result<void> LocalStore::note_flushed() {
  const std::int64_t flushed = log_.flushed().value;
  const bool known = checkpoint_.flushed > 0;
  if (!known || flushed - checkpoint_.flushed < options_.flushed_behind) return {};
  Checkpoint next = checkpoint_;
  next.flushed = flushed;
  SLUICE_CHECK(write_checkpoint(disk_, options_.root, next));
  checkpoint_ = next;
  return {};
}

/// Writing the files of very many queues takes as long as it takes; a start does not wait for it.
Result<void> LocalStore::note_meanwhile() {
  SLUICE_CHECK(log_.flush());
  const std::int64_t position = log_.flushed().value;
  if (table_is_due(position) && sync_is_due(position)) {
    SLUICE_CHECK(sync_index_files());
    SLUICE_CHECK(write_table(position));
  }
  return note_flushed();
}

/// After a failed sync the kernel may have dropped what it was about, and a later one would not
/// say so: no checkpoint may trust these files any more. The next start writes them from the log.
Result<void> LocalStore::sync_index_files() {
  if (index_failure_) return fail(index_failure_->code(), std::string(index_failure_->remark()));
  auto synced = index_files_.sync();
  if (!synced) index_failure_.emplace(synced.error().code(), std::string(synced.error().remark()));
  last_sync_ = clock_.steady();
  return synced;
}

bool LocalStore::table_is_due(std::int64_t position) const {
  if (table_position_ < 0) return true;
  const std::int64_t grown = position - table_position_;
  if (grown <= kLogToTable * table_bytes_) return false;
  const std::int64_t placed = log_.tail().entries() - table_when_placed_;
  return (grown > kTableBehindMax && placed >= kEntriesToRows * table_rows_) ||
         (grown > 0 && clock_.steady() - last_table_ >= kTableEvery);
}

Result<void> LocalStore::write_table(std::int64_t position) {
  const std::int64_t placed = log_.tail().entries();
  SLUICE_TRY(auto table, QueueTableWriter::begin(disk_, options_.root, LogPosition(position)));
  SLUICE_CHECK(registry_.add_to(table, LogPosition(position)));
  SLUICE_CHECK(table.finish());
  table_position_ = position;
  table_bytes_ = table.bytes();
  table_rows_ = table.rows();
  table_when_placed_ = placed;
  last_table_ = clock_.steady();
  return {};
}

/// To write one entry takes as long as to write a thousand, for a file has to be opened. So with
/// very many queues those with few entries keep them in memory, and in the queue table, until these
/// become many, or old, or too many altogether: then the queues that have at least half of what
/// they have on average give all of theirs, which is at least half of all.
std::int64_t LocalStore::worth_a_write(Sync sync) {
  if (sync == Sync::all || std::cmp_less_equal(unwritten_.count(), options_.few_queues)) return 1;
  const std::int64_t placed = log_.tail().entries();
  if (kept_ + (placed - kept_when_placed_) <= options_.unwritten_entries) {
    return LogQueue::kWorthAWrite;
  }
  kept_ = unwritten_.entries();
  kept_when_placed_ = placed;
  if (kept_ <= options_.unwritten_entries) return LogQueue::kWorthAWrite;
  const std::int64_t average = kept_ / static_cast<std::int64_t>(unwritten_.count());
  return std::clamp<std::int64_t>(average / 2, 1, LogQueue::kWorthAWrite);
}

Result<void> LocalStore::write_dirty(LogPosition below, Sync sync, LogPosition older_than) {
  auto queues = log_.tail().take_dirty();
  for (const auto& queue : queues) unwritten_.add(queue, below);
  const std::int64_t worth = worth_a_write(sync);
  older_than = std::max(older_than, below - options_.files_behind);
  const bool any_may_be = worth < LogQueue::kWorthAWrite;
  auto more = any_may_be ? unwritten_.take_all() : unwritten_.take_older(older_than);
  std::ranges::move(more, std::back_inserter(queues));
  std::ranges::sort(queues);  // one that has told twice, or waits besides, comes once
  queues.erase(std::ranges::unique(queues).begin(), queues.end());
  Result<void> result;
  int written_queues = 0;
  for (const auto& queue : queues) {
    const auto [count, oldest] = queue->unwritten();
    const bool write = count >= worth || oldest < older_than || queue->removed();
    if (count == 0 || !write) continue;
    if (++written_queues % kQueuesBetweenNotes == 0) result = note_meanwhile();
    if (!result) break;
    auto left = queue->write_below(below);
    if (!left) {
      result = fail(std::move(left.error()));
      break;
    }
    kept_ -= count - std::min(count, left->count);
  }
  give_back(std::move(queues), below);
  return result;
}

/// A queue's offsets go on where they were when the log's file is gone, with the table and without.
Result<bool> LocalStore::files_have(LogPosition below) {
  if (below.value < checkpoint_.indexes_below) return true;
  SLUICE_CHECK(write_indexes(Sync::now, below + 1));
  return below.value < checkpoint_.indexes_below;
}

/// Those that still have many are looked at in the next round, the others when they have.
void LocalStore::give_back(std::vector<std::shared_ptr<LogQueue>> queues, LogPosition flushed) {
  for (const auto& queue : queues) unwritten_.add(queue, flushed);
  std::erase_if(queues, [](const auto& queue) {
    const bool few = queue->unwritten().count < LogQueue::kWorthAWrite;
    if (few) queue->note_few();
    return few;
  });
  log_.tail().add_dirty(std::move(queues));
}

}  // namespace sluice::store
