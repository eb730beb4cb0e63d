#include "store/recovery.h"

#include <algorithm>

#include "base/log.h"
#include "store/layout.h"
#include "store/resync.h"
#include "store/torn_tail.h"
#include "wire/record/light_queues.h"
#include "wire/record/properties.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::int64_t kApacheMarginMs = 3000;  // StoreCheckpoint.getMinTimestamp
constexpr std::int64_t kRestoredAtOnce = 1 << 20;

std::int64_t tags_code_of(const StoreOptions& options, const record::Decoded& found) {
  if (options.tags_code_of) return options.tags_code_of(found);
  return record::tags_code(
      record::find_property(found.message.properties, record::property::kTags));
}

/// Whether it is the record with that offset of the queue.
bool lies_in(const record::Decoded& found, const LogQueue& queue, QueueOffset offset) {
  if (found.message.topic == queue.topic()) {
    return found.placement.offset == offset && found.message.queue == queue.id();
  }
  bool there = false;
  record::each_light_queue(found.message.topic, found.message.properties,
                           [&](std::string_view name, QueueOffset at) {
                             there = there || (name == queue.topic() && at == offset);
                           });
  return there;
}

record::Scan first_record(const SegmentSet& segments, std::int64_t base) {
  const auto segment = segments.find(base);
  if (segment == nullptr) return {.kind = record::Scan::Kind::end};
  return record::scan(segment->bytes(), record::CrcCheck::verify);
}

}  // namespace

Result<Recovered> Recovery::run() {
  report_.clean = !disk_.exists(abort_path(options_.root));
  SLUICE_TRY(checkpoint_, read_checkpoint(disk_, options_.root));
  SLUICE_TRY(report_.apache, read_apache_checkpoint(disk_, options_.root));
  report_.own_checkpoint = checkpoint_.has_value();
  // Without ours, index files are cut below what it says. Were it only a write that a power cut
  // takes back which has made it void, it would be believed again.
  if (!checkpoint_) SLUICE_CHECK(keep_apache_checkpoint(disk_, options_.root));
  report_.store_ms = report_.apache.log_ms;
  SLUICE_CHECK(segments_.load());
  SLUICE_TRY(report_.queue_table, adopt_table());
  if (!report_.queue_table) SLUICE_CHECK(load_queues());
  if (!report_.queue_table && checkpoint_) SLUICE_CHECK(write_table());
  SLUICE_CHECK(scan_from(report_.scanned_from));
  SLUICE_CHECK(finish());
  return report_;
}

/// A table is behind the checkpoint or ahead of it by a crash; either way the log behind it is
/// whole. Another broker's work makes the checkpoint, and so the table, void.
Result<bool> Recovery::adopt_table() {
  if (!checkpoint_ || !disk_.exists(indexes_folder(options_.root))) return false;
  SLUICE_TRY(const auto table, read_queue_table(disk_, options_.root));
  if (!table || table->position < segments_.first() || table->position > segments_.last_end()) {
    return false;
  }
  SLUICE_TRY(report_.indexes_below, find_start());  // the log must reach as far as it says
  tail_.add_dirty(queues_.adopt(*table));
  report_.scanned_from = table->position;
  return true;
}

Result<void> Recovery::load_queues() {
  const bool has_indexes = disk_.exists(indexes_folder(options_.root));
  SLUICE_CHECK(disk_.make_folder(indexes_folder(options_.root)));
  SLUICE_CHECK(queues_.load(disk_));
  SLUICE_TRY(report_.scanned_from, find_start());
  if (!has_indexes) report_.scanned_from = segments_.first();
  if (checkpoint_) report_.indexes_below = report_.scanned_from;
  return report_.clean ? Result<void>() : cut_indexes(report_.scanned_from);
}

/// So that not every start until the next table looks into all files again: with very many queues
/// that takes minutes to come, and one to look seconds.
Result<void> Recovery::write_table() {
  const LogPosition position(report_.scanned_from);
  SLUICE_TRY(auto table, QueueTableWriter::begin(disk_, options_.root, position));
  SLUICE_CHECK(queues_.add_to(table, position));
  SLUICE_CHECK(table.finish());
  report_.table_written = true;
  return {};
}

Result<std::int64_t> Recovery::find_start() {
  if (!checkpoint_) {
    if (report_.clean) return start_by_indexes();
    return start_by_times(report_.apache);
  }
  if (checkpoint_->flushed > segments_.last_end()) {
    return fail(
        Errc::corrupt,
        fmt::format(
            "{} ends at {}, but {} bytes had been flushed: bring the missing files back; to go "
            "on without them, remove {}/sluice.checkpoint",
            log_folder(options_.root), segments_.last_end(), checkpoint_->flushed, options_.root));
  }
  return std::max(checkpoint_->indexes_below, segments_.first());
}

/// The newest segment that begins with a whole record stored well before the checkpoint's times.
std::int64_t Recovery::start_by_times(const ApacheCheckpoint& times) const {
  const std::int64_t before = std::min(times.log_ms, times.index_ms) - kApacheMarginMs;
  std::int64_t base = segments_.last_end() - segments_.segment_bytes();
  for (; base > segments_.first(); base -= segments_.segment_bytes()) {
    const record::Scan scan = first_record(segments_, base);
    if (scan.kind == record::Scan::Kind::record && scan.record.placement.store_ms <= before) break;
  }
  return std::max(base, segments_.first());
}

/// The segment in which the last record lies that a queue knows.
Result<std::int64_t> Recovery::start_by_indexes() const {
  std::int64_t known = segments_.first();
  for (const auto& queue : queues_.all()) {
    if (queue->max().value == 0) continue;
    IndexEntry last;
    SLUICE_CHECK(queue->read(queue->max() - 1, std::span(&last, 1)));
    if (last.size != kBlankEntrySize) known = std::max(known, last.position.value);
  }
  if (known >= segments_.last_end()) return segments_.first();  // the indexes tell of another log
  return std::max(segments_.base_of(known), segments_.first());
}

Result<void> Recovery::cut_indexes(std::int64_t position) {
  for (const auto& queue : queues_.all()) {
    const auto matches = [&](const IndexEntry& entry, QueueOffset offset) {
      const auto segment = segments_.find(entry.position.value);
      if (segment == nullptr) return entry.position.value < segments_.first();
      const record::Scan scan =
          record::scan(segment->from(entry.position.value), record::CrcCheck::skip);
      return scan.kind == record::Scan::Kind::record && lies_in(scan.record, *queue, offset);
    };
    SLUICE_CHECK(queue->cut(LogPosition(position), matches));
  }
  return {};
}

Result<void> Recovery::scan_from(std::int64_t position) {
  using Kind = record::Scan::Kind;
  TornTail torn_tail(segments_,
                     {.closed = report_.clean,
                      .flushed = checkpoint_ ? std::optional(checkpoint_->flushed) : std::nullopt,
                      .apache_ms = report_.apache.log_ms});
  while (const auto segment = segments_.find(position)) {
    const record::Scan scan = record::scan(segment->from(position), record::CrcCheck::verify);
    if (scan.kind == Kind::blank) {
      position = segment->end();
      continue;
    }
    const bool sane = scan.kind == Kind::record && is_sane(scan.record, position);
    const bool torn = sane && torn_tail.has(scan.record);
    if (!sane || torn) {
      found_zeros_ = scan.kind == Kind::end;
      if (!found_zeros_) report_.cut_because = "the record does not belong here";
      if (scan.kind == Kind::damaged) report_.cut_because = scan.problem;
      if (torn) report_.cut_because = "a piece of the record's properties is missing";
      if (pass_over_damage(position)) continue;
      break;
    }
    SLUICE_CHECK(restore(scan.record));
    report_.store_ms = scan.record.placement.store_ms;
    ++report_.records;
    position += scan.record.size;
  }
  report_.end = position;
  return {};
}

/// Below what was flushed, a record that is not whole is no torn write. True: go on there.
bool Recovery::pass_over_damage(std::int64_t& position) {
  const bool flushed = checkpoint_ && position < checkpoint_->flushed;
  if (!options_.pass_over_damage || !flushed) return false;
  const auto next = next_whole_record(segments_, position + 1, checkpoint_->flushed);
  if (!next) return false;
  log::error("damage_passed_over", {{"file", segments_.path_of(position)},
                                    {"from", position},
                                    {"to", *next},
                                    {"why", report_.cut_because}});
  report_.cut_because.clear();
  position = *next;
  return true;
}

Result<void> Recovery::restore(const record::Decoded& found) {
  if (!is_indexed(found.message.sys_flag)) return {};
  const IndexEntry entry{.position = found.placement.position,
                         .size = found.size,
                         .tags_code = tags_code_of(options_, found)};
  const record::Message& message = found.message;
  SLUICE_CHECK(restore_entry(message.topic, message.queue, found.placement.offset, entry));
  if (options_.light_queues) {
    Result<void> done;
    record::each_light_queue(message.topic, message.properties,
                             [&](std::string_view name, QueueOffset at) {
                               // The properties have no CRC; see is_sane().
                               const bool sane = at.value <= entry.position.value;
                               if (!done || !sane || !is_folder_name(name)) return;
                               done = restore_entry(name, record::kLightQueue, at, entry);
                             });
    SLUICE_CHECK(std::move(done));
  }
  return ++restored_ % kRestoredAtOnce == 0 ? write_restored() : Result<void>();
}

Result<void> Recovery::restore_entry(std::string_view topic, QueueId id, QueueOffset at,
                                     const IndexEntry& entry) {
  const auto queue = queues_.find_or_create(topic, id);
  SLUICE_TRY(const bool dirty, queue->restore(at, entry));
  if (dirty) tail_.add_dirty({queue});
  return {};
}

/// Keeps the memory small when indexes are built from a whole log. With very many queues most have
/// few entries, and a start would create a file for each of them: these stay for the maintenance.
Result<void> Recovery::write_restored() {
  auto dirty = tail_.take_dirty();
  std::int64_t few = 0;
  for (const auto& queue : dirty) {
    const std::int64_t count = queue->unwritten().count;
    if (count < LogQueue::kWorthAWrite) few += count;
  }
  const std::int64_t worth = few > options_.unwritten_entries ? 1 : LogQueue::kWorthAWrite;
  for (const auto& queue : dirty) {
    if (queue->unwritten().count < worth) continue;
    SLUICE_CHECK(queue->write_below(LogPosition(std::numeric_limits<std::int64_t>::max())));
  }
  std::erase_if(dirty, [&](const auto& queue) { return tail_.let_go(*queue); });
  tail_.add_dirty(std::move(dirty));
  return {};
}

Result<void> Recovery::finish() {
  if (checkpoint_ && report_.end < checkpoint_->flushed) {
    return fail(
        Errc::corrupt,
        fmt::format(
            "{} is damaged at {} ({}), although it had been flushed to {}: restore the file from a "
            "replica or a copy; to pass over what is damaged, set damagedMessages=skip, or run "
            "`sluice "
            "store repair {}`",
            segments_.path_of(report_.end), report_.end,
            report_.cut_because.empty() ? "zeros" : report_.cut_because, checkpoint_->flushed,
            options_.root));
  }
  const bool untouched = report_.clean && found_zeros_;
  if (!untouched) SLUICE_CHECK(segments_.cut(report_.end));
  const std::int64_t flushed = checkpoint_ ? checkpoint_->flushed : report_.scanned_from;
  if (!report_.clean) SLUICE_CHECK(segments_.write_again(flushed, report_.end));
  SLUICE_CHECK(segments_.sync(std::min(flushed, report_.scanned_from), report_.end));
  for (const auto& queue : queues_.all()) {
    IndexEntry last;
    const QueueOffset next = queue->next();
    queue->publish(next);
    if (report_.queue_table && !found_zeros_) queue->distrust_files();
    if (checkpoint_ || next.value == 0) continue;
    SLUICE_CHECK(queue->read(next - 1, std::span(&last, 1)));
    if (last.size == kBlankEntrySize || last.position.value < report_.end) continue;
    const auto believe = [](const IndexEntry&, QueueOffset) { return true; };
    SLUICE_CHECK(queue->cut(LogPosition(report_.end), believe));
  }
  return {};
}

}  // namespace sluice::store
