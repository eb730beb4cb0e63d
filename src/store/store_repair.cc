#include "store/store_repair.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "store/index_entry.h"
#include "store/layout.h"
#include "store/resync.h"
#include "wire/record/light_queues.h"

namespace sluice::store {
namespace record = wire::record;
namespace {

// Of a record that fills a gap. Rolled back: it is in no queue, and no broker looks at its topic.
constexpr std::string_view kFillerTopic = "D";
constexpr std::int64_t kCopyAtOnce = 1 << 20;

class Mender {
 public:
  Mender(OfflineStore& store, const StoreReport& found, const TagsCodeFn& tags_code_of)
      : store_(store),
        found_(found),
        tags_code_of_(tags_code_of),
        copies_(store.root + "/damaged") {}

  Result<Repair> run() {
    for (const LogDamage& damage : found_.log_damage) SLUICE_CHECK(fill(damage));
    SLUICE_CHECK(mend_indexes());
    if (store_.checkpoint && found_.end < store_.checkpoint->flushed) {
      SLUICE_CHECK(move_away("sluice.checkpoint"));
      SLUICE_CHECK(move_away("sluice.checkpoint.bak"));
    }
    // It may have entries of messages that were lost; a start does without.
    if (!result_.done.empty()) {
      SLUICE_CHECK(move_away("sluice.queues"));
      SLUICE_CHECK(move_away("sluice.queues.bak"));
    }
    if (!result_.copies.empty()) SLUICE_CHECK(store_.disk.sync_all(store_.root));
    return std::move(result_);
  }

 private:
  Result<void> make_copies_folder() {
    if (!result_.copies.empty()) return {};
    SLUICE_CHECK(store_.disk.make_folder(copies_));
    result_.copies = copies_;
    return {};
  }

  Result<void> copy(const std::string& path, std::int64_t from, std::int64_t to,
                    const std::string& name) {
    SLUICE_CHECK(make_copies_folder());
    SLUICE_TRY(const auto source, store_.disk.open(path, Disk::Open::read));
    std::string to_path = copies_ + '/' + name;
    for (int n = 2; store_.disk.exists(to_path); ++n) {  // of an earlier repair
      to_path = fmt::format("{}/{}.{}", copies_, name, n);
    }
    SLUICE_TRY(auto target, store_.disk.open(to_path, Disk::Open::create));
    std::vector<std::byte> part(static_cast<std::size_t>(std::min(to - from, kCopyAtOnce)));
    for (std::int64_t at = from; at < to;) {
      const auto want = static_cast<std::size_t>(std::min(to - at, kCopyAtOnce));
      SLUICE_TRY(const std::size_t got, source->read(at, std::span(part).first(want)));
      if (got == 0) break;
      SLUICE_CHECK(target->write(at - from, std::span(part).first(got)));
      at += static_cast<std::int64_t>(got);
    }
    return target->sync();
  }

  Result<void> move_away(const std::string& name) {
    const std::string path = store_.root + '/' + name;
    if (!store_.disk.exists(path)) return {};
    SLUICE_CHECK(make_copies_folder());
    result_.done.push_back(fmt::format("moved {} to {}", path, copies_));
    return store_.disk.rename(path, copies_ + '/' + name);
  }

  /// The bytes may run over the end of a file.
  Result<void> fill(const LogDamage& damage) {
    const std::int64_t store_ms = time_of(damage.to);
    for (std::int64_t at = damage.from; at < damage.to;) {
      const auto segment = store_.log.find(at);
      if (segment == nullptr) return fail(Errc::not_found);
      const std::int64_t to = std::min(damage.to, segment->end());
      const std::string name = fmt::format("commitlog-{:020d}-{}", at, to - at);
      SLUICE_CHECK(copy(store_.log.path_of(at), at - segment->base(), to - segment->base(), name));
      SLUICE_TRY(const auto filler, filler_for(at, to, store_ms, to == segment->end()));
      SLUICE_CHECK(segment->file().write(at - segment->base(), filler));
      SLUICE_CHECK(segment->file().sync());
      result_.done.push_back(fmt::format("filled {} bytes at {} of {}, copied to {}/{}", to - at,
                                         at, store_.log.path_of(at), copies_, name));
      at = to;
    }
    return {};
  }

  /// Store time of the record there: that of the next one will do for one that is lost.
  std::int64_t time_of(std::int64_t position) const {
    const auto segment = store_.log.find(position);
    if (segment == nullptr) return found_.last_ms;
    return record::scan(segment->from(position), record::CrcCheck::skip).record.placement.store_ms;
  }

  static Result<std::vector<std::byte>> filler_for(std::int64_t at, std::int64_t to,
                                                   std::int64_t store_ms, bool to_end) {
    record::Message message{.topic = kFillerTopic};
    message.sys_flag = record::kTransactionRollback;
    SLUICE_TRY(const std::int32_t least, record::encoded_size(message, {}));
    const std::int64_t size = to - at;
    if (to_end && size >= record::kBlankSize) {
      std::vector<std::byte> blank(static_cast<std::size_t>(record::kBlankSize));
      record::encode_blank(static_cast<std::int32_t>(size), blank.data());
      return blank;
    }
    if (size < least) {
      return fail(Errc::corrupt, fmt::format("{} damaged bytes at {} are too few to be filled by a "
                                             "record: restore the file from a copy",
                                             size, at));
    }
    const std::vector<std::byte> body(static_cast<std::size_t>(size - least));
    message.body = body;
    std::vector<std::byte> filler(static_cast<std::size_t>(size));
    record::encode(message, {.position = LogPosition(at), .store_ms = store_ms},
                   record::body_crc(body), filler.data());
    return filler;
  }

  using QueueName = std::pair<std::string, std::int32_t>;
  using Entries = std::map<std::int64_t, IndexEntry>;  // by offset

  Result<void> mend_indexes() {
    std::map<QueueName, Entries> wanted;
    for (const IndexDamage& damage : found_.index_damage) {
      wanted.try_emplace({damage.topic, damage.queue.value});
    }
    if (wanted.empty()) return {};
    collect(wanted);
    for (const auto& [name, entries] : wanted) {
      SLUICE_CHECK(mend(*store_.queues.find_or_create(name.first, QueueId(name.second)), entries));
    }
    return {};
  }

  void collect(std::map<QueueName, Entries>& wanted) const {
    for (std::int64_t at = found_.first; at < found_.end;) {
      const auto segment = store_.log.find(at);
      if (segment == nullptr) return;
      const record::Scan scan = record::scan(segment->from(at), record::CrcCheck::skip);
      if (scan.kind == record::Scan::Kind::blank) {
        at = segment->end();
        continue;
      }
      if (scan.kind != record::Scan::Kind::record || !is_sane(scan.record, at)) return;
      const record::Decoded& found = scan.record;
      if (is_indexed(found.message.sys_flag)) note(found, wanted);
      at += found.size;
    }
  }

  /// In its own queue, and in the light ones that it lies in too.
  void note(const record::Decoded& found, std::map<QueueName, Entries>& wanted) const {
    const auto put = [&](std::string_view topic, QueueId id, QueueOffset offset) {
      const auto queue = wanted.find({std::string(topic), id.value});
      if (queue == wanted.end() || offset.value > found.placement.position.value) return;
      queue->second[offset.value] = {.position = found.placement.position,
                                     .size = found.size,
                                     .tags_code = tags_code_of_(found)};
    };
    const record::Message& message = found.message;
    put(message.topic, message.queue, found.placement.offset);
    record::each_light_queue(
        message.topic, message.properties,
        [&](std::string_view name, QueueOffset offset) { put(name, record::kLightQueue, offset); });
  }

  Result<void> mend(const LogQueue& queue, const Entries& entries) {
    SLUICE_CHECK(copy_index(queue));
    // A damaged entry can seem to lie below the log, and the queue to begin behind it.
    const std::int64_t begin =
        std::min(queue.min().value, entries.empty() ? std::numeric_limits<std::int64_t>::max()
                                                    : entries.begin()->first);
    const std::int64_t end =
        std::max(queue.next().value, entries.empty() ? 0 : entries.rbegin()->first + 1);
    std::int64_t changed = 0, lost = 0;
    for (std::int64_t at = begin; at < end; ++at) {
      IndexEntry has;
      SLUICE_TRY(const std::size_t got, queue.read(QueueOffset(at), std::span(&has, 1)));
      const auto right = entries.find(at);
      const bool is_lost = right == entries.end();
      const auto next = entries.upper_bound(at);
      const LogPosition next_position =
          next == entries.end() ? LogPosition(found_.end) : next->second.position;
      const bool agrees = got == 1 && (is_lost ? has.size == kBlankEntrySize
                                               : has.position == right->second.position &&
                                                     has.size == right->second.size);
      if (agrees) continue;
      std::array<std::byte, kIndexEntryBytes> raw;
      const IndexEntry blank{.position = next_position, .size = kBlankEntrySize};
      encode_entry(is_lost ? blank : right->second, raw.data());
      SLUICE_CHECK(store_.index_files.write(queue.name(), at * kIndexEntryBytes, raw));
      ++changed;
      lost += is_lost ? 1 : 0;
    }
    result_.done.push_back(
        fmt::format("wrote {} entries of {}, queue {}, {} of them for lost "
                    "messages",
                    changed, queue.topic(), queue.id().value, lost));
    return store_.index_files.sync();
  }

  Result<void> copy_index(const LogQueue& queue) {
    SLUICE_TRY(const auto bases, store_.index_files.list(queue.name()));
    for (const std::int64_t base : bases) {
      const std::string path = fmt::format("{}/{}/{}/{}", store_.index_files.folder(),
                                           queue.topic(), queue.id().value, file_name(base));
      SLUICE_CHECK(copy(
          path, 0, store_.index_files.file_bytes(),
          fmt::format("consumequeue-{}-{}-{}", queue.topic(), queue.id().value, file_name(base))));
    }
    return {};
  }

  OfflineStore& store_;
  const StoreReport& found_;
  const TagsCodeFn& tags_code_of_;
  const std::string copies_;
  Repair result_;
};

}  // namespace

Result<Repair> repair(OfflineStore& store, const StoreReport& found,
                      const TagsCodeFn& tags_code_of) {
  return Mender(store, found, tags_code_of).run();
}

}  // namespace sluice::store
