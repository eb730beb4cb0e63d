#include "store/local_store.h"

#include <utility>

#include <unistd.h>

#include "base/log.h"
#include "store/layout.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::size_t kOpenIndexFiles = 256;
// What was written last is in the page cache; asking costs a system call.
constexpr std::int64_t kSurelyInMemory = 32 << 20;

std::vector<std::shared_ptr<Queue>> with_index(std::vector<std::shared_ptr<LogQueue>> all) {
  std::vector<std::shared_ptr<Queue>> queues;
  queues.reserve(all.size());
  for (auto& queue : all) {
    if (queue->max().value > 0) queues.push_back(std::move(queue));
  }
  return queues;
}

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
      kept_files_(disk),
      compactor_(disk, clock, options_, registry_, log_, kept_files_),
      keeper_(disk, clock, options_, registry_, log_, kept_files_),
      cold_([this](std::int64_t position) { return cold_place(position); }, options_.cold_bytes) {}

std::optional<ColdPlace> LocalStore::cold_place(std::int64_t position) const {
  return is_compacted(LogPosition(position)) ? kept_files_.place_of(position)
                                             : place_in(segments_, position);
}

Result<void> LocalStore::start() {
  SLUICE_CHECK(disk_.make_folder(options_.root));
  SLUICE_TRY(lock_, disk_.lock(lock_path(options_.root)));
  SLUICE_CHECK(lock_->write(0, as_bytes("lock")));
  Recovery recovery(disk_, options_, segments_, registry_, log_.tail());
  SLUICE_TRY(const Recovered found, recovery.run());
  log_.start(found.end, found.store_ms);
  checked_from_ = found.scanned_from;
  kept_ = options_.unwritten_entries;  // what a start has restored is counted when there is time
  checkpoint_.apache = found.apache;
  checkpoint_.indexes_below = found.indexes_below;
  if (found.own_checkpoint) checkpoint_.flushed = found.scanned_from;
  last_sync_ = last_table_ = clock_.steady();
  if (found.queue_table || found.table_written) table_position_ = found.scanned_from;
  SLUICE_CHECK(keys_.start(found));
  SLUICE_CHECK(compactor_.start());
  SLUICE_CHECK(keeper_.start());
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
                             {"queues", registry_.count()}});
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
  return with_index(registry_.all());
}

std::vector<std::shared_ptr<Queue>> LocalStore::queues_of(std::string_view topic) const {
  return with_index(registry_.of_topic(topic));
}

Result<LogPosition> LocalStore::append(std::span<Pending> batch) {
  if (batch.empty()) return log_.end();
  return log_.append(batch);
}

Result<Slice> LocalStore::read(LogPosition position, std::int32_t size) const {
  return is_compacted(position) ? kept_files_.read(position, size) : log_.read(position, size);
}

Result<std::optional<Slice>> LocalStore::read_now(LogPosition position, std::int32_t size) const {
  if (is_compacted(position)) return cold_.find(position, size);
  SLUICE_TRY(CommitLog::Place place, log_.locate(position, size));
  const bool there =
      position.value >= checked_from_ && (position.value >= log_.end().value - kSurelyInMemory ||
                                          place.segment->in_memory(position.value, size));
  if (there) return Slice{.bytes = place.bytes, .owner = std::move(place.segment)};
  return cold_.find(position, size);
}

Result<Slice> LocalStore::read_checked(LogPosition position, std::int32_t size, bool ahead) const {
  if (is_compacted(position))
    return cold_.load(position, size, ahead, std::numeric_limits<std::int64_t>::max());
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
  return is_compacted(position) ? kept_files_.read_record(position) : log_.read_record(position);
}

Result<void> LocalStore::remove_topic(std::string_view topic) {
  SLUICE_CHECK(compactor_.forget(std::string(topic)));
  SLUICE_CHECK(keeper_.forget(std::string(topic)));
  const std::lock_guard guard(maintenance_);
  const auto queues = registry_.of_topic(topic);
  if (queues.empty()) return {};
  for (const auto& queue : queues) log_.tail().mark_removed(*queue);
  // The checkpoint passes the topic's last record before its files go, so that no start finds it
  // again.
  SLUICE_CHECK(write_indexes(Sync::all));
  return registry_.erase_removed(std::string(topic));
}

void LocalStore::maintain() {
  const std::lock_guard guard(maintenance_);
  if (closed_) return;
  look_at_space();
  registry_.memory().provide();
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
  SLUICE_CHECK(write_indexes(Sync::all));
  SLUICE_CHECK(std::move(keys_closed));
  SLUICE_CHECK(disk_.remove(abort_path(options_.root)));
  return disk_.sync_folder(options_.root);
}

}  // namespace sluice::store
