#include "store/store_check.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "store/compacted.h"
#include "store/layout.h"
#include "store/resync.h"
#include "store/torn_tail.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

constexpr std::int64_t kApacheIndexFile = 300'000LL * kIndexEntryBytes;
constexpr std::size_t kOpenFiles = 64, kLooks = 64;
constexpr std::int64_t kProgressEvery = 64 << 20;

Result<std::int64_t> size_of(Disk& disk, const std::string& path) {
  SLUICE_TRY(const auto file, disk.open(path, Disk::Open::read));
  return file->size();
}

/// Of the files in the folder that are named by a position: a file that was cut short tells
/// nothing. 0 when there is none. `looks` are how many more files may be opened.
Result<std::int64_t> largest_file_size(Disk& disk, const std::string& folder, std::size_t& looks) {
  SLUICE_TRY(const auto names, disk.list(folder));
  std::int64_t largest = 0;
  for (const std::string& name : names) {
    if (!parse_file_name(name) || looks == 0) continue;
    --looks;
    SLUICE_TRY(const std::int64_t size, size_of(disk, folder + '/' + name));
    largest = std::max(largest, size);
  }
  return largest;
}

Result<std::int64_t> segment_size(Disk& disk, const std::string& folder) {
  std::size_t looks = std::numeric_limits<std::size_t>::max();
  return largest_file_size(disk, folder, looks);
}

Result<std::int64_t> index_file_size(Disk& disk, const std::string& folder) {
  std::size_t looks = kLooks;
  std::int64_t largest = 0;
  SLUICE_TRY(const auto topics, disk.list(folder));
  for (const std::string& topic : topics) {
    if (looks == 0) break;
    SLUICE_TRY(const auto ids, disk.list(folder + '/' + topic));
    for (const std::string& id : ids) {
      SLUICE_TRY(const std::int64_t size,
                 largest_file_size(disk, folder + '/' + topic + '/' + id, looks));
      largest = std::max(largest, size / kIndexEntryBytes * kIndexEntryBytes);
    }
  }
  return largest > 0 ? largest : kApacheIndexFile;
}

/// One pass over a store.
class Check {
 public:
  Check(OfflineStore& store, const CheckProgress& progress, std::int64_t apache_ms)
      : store_(store),
        progress_(progress),
        torn_tail_(
            store.log,
            {.closed = store.closed,
             .flushed = store.checkpoint ? std::optional(store.checkpoint->flushed) : std::nullopt,
             .apache_ms = apache_ms}) {}

  Result<StoreReport> run() {
    SLUICE_TRY(report_, survey(store_));
    SLUICE_CHECK(walk());
    SLUICE_CHECK(find_strays());
    for (auto& [name, damage] : damage_) report_.index_damage.push_back(std::move(damage));
    for (auto& [topic, share] : shares_) {
      share.topic = topic;
      report_.topics.push_back(std::move(share));
    }
    std::ranges::sort(report_.topics, [](const TopicShare& a, const TopicShare& b) {
      return a.bytes != b.bytes ? a.bytes > b.bytes : a.topic < b.topic;
    });
    check_end();
    SLUICE_TRY(auto compacted, check_compacted(store_.disk, store_.root));
    std::ranges::move(compacted, std::back_inserter(report_.other));
    return std::move(report_);
  }

 private:
  using Kind = record::Scan::Kind;

  Result<void> walk() {
    std::int64_t at = store_.log.first();
    const std::int64_t all = store_.log.last_end() - at;
    std::int64_t told = 0;
    while (const auto segment = store_.log.find(at)) {
      const std::int64_t done = at - store_.log.first();
      if (progress_ && done - told >= kProgressEvery) progress_(told = done, all);
      const record::Scan scan = record::scan(segment->from(at), record::CrcCheck::verify);
      if (scan.kind == Kind::blank) {
        at = segment->end();
        continue;
      }
      const std::string problem = problem_of(scan, at);
      if (problem.empty()) {
        SLUICE_CHECK(take(scan.record));
        at += scan.record.size;
      } else if (!pass_over(problem, scan.kind == Kind::end, at)) {
        break;
      }
    }
    report_.end = at;
    if (progress_) progress_(all, all);
    return {};
  }

  /// Empty: a whole record lies there.
  std::string problem_of(const record::Scan& scan, std::int64_t at) {
    if (scan.kind == Kind::end) return "zeros";
    if (scan.kind != Kind::record) return scan.problem;
    if (!is_sane(scan.record, at)) return "a record that belongs elsewhere";
    return torn_tail_.has(scan.record) ? "a piece of the record's properties is missing" : "";
  }

  /// False: the log ends here.
  bool pass_over(std::string problem, bool zeros, std::int64_t& at) {
    const auto next = next_whole_record(store_.log, at + 1, store_.log.last_end());
    if (!next) {
      if (!zeros) report_.tail = problem;
      return false;
    }
    if (store_.checkpoint && at >= store_.checkpoint->flushed) {
      problem += "; a start ends the log there";
    }
    report_.log_damage.push_back({store_.log.path_of(at), at, *next, std::move(problem)});
    at = *next;
    return true;
  }

  /// Whether the position is one at which walk() found a record.
  bool is_whole(std::int64_t position) const {
    const auto within = [&](const LogDamage& d) { return position >= d.from && position < d.to; };
    return position < report_.end && std::ranges::none_of(report_.log_damage, within) &&
           is_whole_record(store_.log, position);
  }

  Result<void> take(const record::Decoded& found) {
    ++report_.records;
    TopicShare& share = shares_[std::string(found.message.topic)];
    ++share.records;
    share.bytes += found.size;
    if (report_.first_ms == 0) report_.first_ms = found.placement.store_ms;
    report_.last_ms = found.placement.store_ms;
    if (!is_indexed(found.message.sys_flag)) return {};
    const auto queue = store_.queues.find_or_create(found.message.topic, found.message.queue);
    const QueueOffset offset = found.placement.offset;
    if (offset >= queue->next()) {
      const bool will_be =
          !store_.checkpoint || found.placement.position.value >= store_.checkpoint->indexes_below;
      if (will_be) {
        ++report_.unindexed;
      } else {
        note(*queue, offset, "the index ends before it");
      }
      return {};
    }
    IndexEntry entry;
    SLUICE_TRY(const std::size_t got, queue->read(offset, std::span(&entry, 1)));
    if (got == 1 && entry.position == found.placement.position && entry.size == found.size) {
      ++known_[queue.get()];
      return {};
    }
    if (names_another(entry, found)) {
      report_.other.push_back(fmt::format(
          "two messages say that they are {} of {}-{}: those at {} and {}", offset.value,
          queue->topic(), queue->id().value, found.placement.position.value, entry.position.value));
      return {};
    }
    note(*queue, offset,
         fmt::format("it names {} bytes at {}, the message has {} at {}", entry.size,
                     entry.position.value, found.size, found.placement.position.value));
    return {};
  }

  /// Whether the entry's record has the same place in the queue: what says so has no CRC.
  bool names_another(const IndexEntry& entry, const record::Decoded& found) const {
    const std::int64_t at = entry.position.value;
    if (at == found.placement.position.value || !is_whole_record(store_.log, at)) return false;
    const record::Scan other = record::scan(store_.log.find(at)->from(at), record::CrcCheck::skip);
    return other.record.size == entry.size && other.record.message.topic == found.message.topic &&
           other.record.message.queue == found.message.queue &&
           other.record.placement.offset == found.placement.offset;
  }

  void note(const Queue& queue, QueueOffset offset, std::string problem) {
    IndexDamage& damage = damage_[{queue.topic(), queue.id().value}];
    if (damage.count++ == 0) {
      damage = {queue.topic(), queue.id(), offset, 1, std::move(problem)};
    }
  }

  /// Entries whose record is not there, though the log has its place.
  Result<void> find_strays() {
    for (const auto& queue : store_.queues.all()) {
      const std::int64_t entries = queue->max() - queue->min();
      if (known_[queue.get()] >= entries || damage_.contains({queue->topic(), queue->id().value})) {
        continue;
      }
      IndexDamage strays{queue->topic(), queue->id(), QueueOffset(0), 0, {}};
      for (QueueOffset at = queue->min(); at < queue->max(); at += 1) {
        IndexEntry entry;
        SLUICE_TRY(const std::size_t got, queue->read(at, std::span(&entry, 1)));
        if (got == 0) break;
        if (entry.size == kBlankEntrySize || is_whole(entry.position.value)) continue;
        if (strays.count++ > 0) continue;
        strays.offset = at;
        strays.problem = fmt::format("no whole message lies at {}", entry.position.value);
      }
      if (strays.count > 0) report_.index_damage.push_back(std::move(strays));
    }
    return {};
  }

  void check_end() {
    if (!store_.checkpoint || report_.end >= store_.checkpoint->flushed) return;
    report_.other.push_back(
        fmt::format("the log ends at {}, but sluice.checkpoint says that it had been flushed to {}",
                    report_.end, store_.checkpoint->flushed));
  }

  OfflineStore& store_;
  const CheckProgress& progress_;
  TornTail torn_tail_;
  StoreReport report_;
  std::map<const Queue*, std::int64_t> known_;
  std::unordered_map<std::string, TopicShare> shares_;
  std::map<std::pair<std::string, std::int32_t>, IndexDamage> damage_;
};

}  // namespace

OfflineStore::OfflineStore(Disk& disk, const std::string& root, std::int64_t segment_bytes,
                           std::int64_t index_file_bytes)
    : disk(disk),
      root(root),
      log(disk, log_folder(root), segment_bytes),
      index_files(disk, indexes_folder(root), index_file_bytes, kOpenFiles),
      queues(index_files, log) {}

Result<std::unique_ptr<OfflineStore>> OfflineStore::open(Disk& disk, const std::string& root) {
  if (!disk.exists(log_folder(root))) {
    return fail(Errc::not_found, fmt::format("{} is no store: it has no folder commitlog", root));
  }
  SLUICE_TRY(auto lock, disk.lock(lock_path(root)));
  SLUICE_TRY(const std::int64_t segment_bytes, segment_size(disk, log_folder(root)));
  SLUICE_TRY(const std::int64_t index_bytes, index_file_size(disk, indexes_folder(root)));
  auto store = std::make_unique<OfflineStore>(
      disk, root, segment_bytes > 0 ? segment_bytes : StoreOptions{}.segment_bytes, index_bytes);
  store->lock = std::move(lock);
  store->closed = !disk.exists(abort_path(root));
  SLUICE_TRY(store->checkpoint, read_checkpoint(disk, root));
  SLUICE_CHECK(store->log.load());
  SLUICE_CHECK(store->queues.load(disk));
  return store;
}

namespace {

using QueueEnds = std::map<std::pair<std::string, std::int32_t>, std::int64_t>;

/// Where queues end whose last entries are in the queue table alone, because a broker was killed.
Result<QueueEnds> ends_by_table(OfflineStore& store) {
  QueueEnds ends;
  if (!store.checkpoint || store.closed) return ends;
  SLUICE_TRY(const auto table, read_queue_table(store.disk, store.root));
  if (!table || table->position > store.log.last_end()) return ends;
  for (const QueueRow& row : table->rows) ends[{row.topic, row.id.value}] = row.next();
  return ends;
}

}  // namespace

Result<StoreReport> survey(OfflineStore& store) {
  StoreReport report{.first = store.log.first(), .end = store.log.last_end()};
  report.segments = (report.end - report.first) / store.log.segment_bytes();
  if (store.checkpoint) report.end = store.checkpoint->flushed;
  SLUICE_TRY(const QueueEnds ends, ends_by_table(store));
  for (const auto& [name, end] : ends) {
    static_cast<void>(store.queues.find_or_create(name.first, QueueId(name.second)));
  }
  for (const auto& queue : store.queues.all()) {
    const auto end = ends.find({queue->topic(), queue->id().value});
    const std::int64_t max = std::max(queue->max().value, end == ends.end() ? 0 : end->second);
    if (max == 0) continue;
    ++report.queues;
    report.messages += max - queue->min().value;
  }
  if (const auto segment = store.log.find(report.first)) {
    const record::Scan scan = record::scan(segment->bytes(), record::CrcCheck::skip);
    if (scan.kind == record::Scan::Kind::record) report.first_ms = scan.record.placement.store_ms;
  }
  report.last_ms = store.checkpoint ? store.checkpoint->apache.log_ms : 0;
  if (!store.checkpoint) {
    SLUICE_TRY(const ApacheCheckpoint times, read_apache_checkpoint(store.disk, store.root));
    report.last_ms = times.log_ms;
  }
  return report;
}

Result<StoreReport> verify(OfflineStore& store, const CheckProgress& progress) {
  SLUICE_TRY(const ApacheCheckpoint times, read_apache_checkpoint(store.disk, store.root));
  return Check(store, progress, times.log_ms).run();
}

}  // namespace sluice::store
