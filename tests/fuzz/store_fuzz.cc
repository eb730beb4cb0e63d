// What may lie on the disk: every file of a small store, with some of its bytes changed. Opening it
// must say what is wrong or go on; whatever is then served must be whole records that lie where
// they say, and the checks and repairs that work without a broker must come to an end too.
//
// Input: one byte of Hows, one that chooses the file, two for the place in it, then the bytes that
// are written there; nothing behind the place cuts the file off.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/crc32.h"
#include "base/log.h"
#include "store/store_repair.h"
#include "store/testing/memory_disk.h"
#include "store/torn_tail.h"
#include "wire/record/properties.h"

namespace {

using namespace sluice;
using namespace sluice::store;
using Files = std::map<std::string, std::string>;

enum How : std::uint8_t {
  kSumsRight = 1,  ///< checksums are made right: they would keep out what lies behind them
  kZeroPiece = 2,  ///< instead of the bytes: a piece of the properties of the record there is zero
  kWithoutOurs = 4,  ///< sluice.checkpoint is left out, as in a store that Apache's broker has left
};

StoreOptions options() {
  return {.root = "/r",
          .segment_bytes = 4096,
          .index_file_bytes = 10LL * kIndexEntryBytes,
          .tail_bytes = 16384,
          .keys = {.slots = 50, .entries = 40},
          .pass_over_damage = true};
}

/// Gives where the last of them lies, if it was taken.
std::optional<LogPosition> append(MessageStore& store, int count) {
  std::optional<LogPosition> last;
  for (int i = 0; i < count; ++i) {
    const auto queue = store.queue("T", QueueId(i % 2));
    Pending p{.queue = queue.get()};
    p.message = {.topic = queue->topic(), .queue = queue->id(), .born_ms = 1};
    const std::string body(20, static_cast<char>('a' + i % 26));
    std::string properties = "UNIQ_KEY\x01id" + std::to_string(i) + "\x02KEYS\x01k\x02";
    // Room for a whole piece that a power cut could take.
    if (i % 5 == 0) properties += "LONG\x01" + std::string(2 * kPieceBytes, 'p') + "\x02";
    p.message.body = as_bytes(body);
    p.message.properties = properties;
    p.size = *wire::record::encoded_size(p.message, {});
    p.crc = wire::record::body_crc(p.message.body);
    last = store.append(std::span(&p, 1)) ? std::optional(p.position) : std::nullopt;
  }
  return last;
}

void collect(Disk& disk, const std::string& folder, Files& files) {
  for (const std::string& name : *disk.list(folder)) {
    const std::string path = folder + '/' + name;
    const auto file = disk.open(path, Disk::Open::read);
    if (!file) {
      collect(disk, path, files);
      continue;
    }
    std::string bytes(static_cast<std::size_t>(*(*file)->size()), '\0');
    static_cast<void>((*file)->read(0, std::as_writable_bytes(std::span(bytes))));
    files[path] = std::move(bytes);
  }
}

/// Written, indexed, killed: it has one of every kind of file.
Files small_store() {
  store::testing::MemoryDisk disk;
  ManualClock clock;
  Files files;
  {
    auto store = MessageStore::open(disk, clock, options());
    append(**store, 60);
    while ((*store)->index_keys()) {
    }
    (*store)->maintain();
    append(**store, 10);
  }
  disk.kill();
  collect(disk, "/r", files);
  return files;
}

void put(Disk& disk, const Files& files) {
  for (const auto& [path, bytes] : files) {
    static_cast<void>(disk.make_folder(path.substr(0, path.rfind('/'))));
    auto file = disk.open(path, Disk::Open::create);
    static_cast<void>((*file)->write(0, as_bytes(bytes)));
  }
}

/// The records that the file begins with.
std::vector<std::pair<std::size_t, wire::record::Decoded>> records_of(const std::string& bytes) {
  std::vector<std::pair<std::size_t, wire::record::Decoded>> found;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto scan = wire::record::scan(as_bytes(bytes).subspan(at), wire::record::CrcCheck::skip);
    if (scan.kind != wire::record::Scan::Kind::record) break;
    found.emplace_back(at, scan.record);
    at += static_cast<std::size_t>(scan.record.size);
  }
  return found;
}

void zero_piece(std::string& bytes, std::size_t where) {
  for (const auto& [at, found] : records_of(bytes)) {
    const std::size_t end = at + static_cast<std::size_t>(found.size);
    const std::size_t begin = end - found.message.properties.size();
    const std::size_t piece = (begin + kPieceBytes - 1) / kPieceBytes * kPieceBytes;
    if (where >= end || piece + kPieceBytes > end) continue;
    bytes.replace(piece, kPieceBytes, kPieceBytes, '\0');
    return;
  }
}

void patch(std::string& bytes, std::size_t at, std::span<const std::uint8_t> with) {
  if (with.empty()) return bytes.resize(at);
  bytes.resize(std::max(bytes.size(), std::min<std::size_t>(at + with.size(), 1 << 16)));
  for (std::size_t i = 0; i < with.size() && at + i < bytes.size(); ++i) {
    bytes[at + i] = static_cast<char>(with[i]);
  }
}

/// Whatever version it has, the table's last four bytes are the sum of all before.
void make_sums_right(const std::string& path, std::string& bytes) {
  constexpr std::size_t kSumAt = 8, kSumBytes = 4;
  const auto raw = std::as_writable_bytes(std::span(bytes));
  if (path.contains("sluice.queues") && raw.size() >= kSumBytes) {
    const auto summed = raw.first(raw.size() - kSumBytes);
    store_be(summed.data() + summed.size(), crc32(summed));
  }
  if (!path.contains("commitlog")) return;
  for (const auto& [at, found] : records_of(bytes)) {
    store_be(raw.data() + at + kSumAt, wire::record::body_crc(found.message.body));
  }
}

void change(Files& files, std::span<const std::uint8_t> input) {
  constexpr std::size_t kHead = 4;
  if (input.size() < kHead) return;
  auto& [path, bytes] = *std::next(files.begin(), input[1] % files.size());
  const std::size_t at = std::min<std::size_t>(input[2] << 8U | input[3], bytes.size());
  const bool log = path.contains("commitlog");
  if (log && (input[0] & kZeroPiece) != 0) {
    zero_piece(bytes, at);
  } else {
    patch(bytes, at, input.subspan(kHead));
  }
  if ((input[0] & kSumsRight) != 0) make_sums_right(path, bytes);
  if ((input[0] & kWithoutOurs) == 0) return;
  files.erase("/r/sluice.checkpoint");
  files.erase("/r/sluice.checkpoint.bak");
}

void serve(Disk& disk) {
  ManualClock clock;
  auto opened = MessageStore::open(disk, clock, options());
  if (!opened) return;
  MessageStore& store = **opened;
  for (const auto& queue : store.queues()) {
    for (QueueOffset at = queue->min(); at < queue->max(); at += 1) {
      IndexEntry entry;
      const auto got = queue->read(at, std::span(&entry, 1));
      if (!got || *got == 0) break;
      SLUICE_ASSERT(queue->min() >= QueueOffset(0));
      const auto slice = store.read_checked(entry.position, entry.size, true);
      if (!slice) continue;
      const auto scan = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify);
      SLUICE_ASSERT(scan.kind == wire::record::Scan::Kind::record);
      SLUICE_ASSERT(scan.record.placement.position == entry.position);
    }
  }
  static_cast<void>(
      store.find_by_key({.topic = "T", .key = "k", .from_ms = 0, .to_ms = 1LL << 60, .max = 32}));
  const auto last = append(store, 3);
  SLUICE_ASSERT(!last || store.read_record(*last));
  store.maintain();
  static_cast<void>(store.index_keys());
  static_cast<void>(store.close());
}

/// What was repaired is well.
void mend(Disk& disk) {
  {
    const auto store = OfflineStore::open(disk, "/r");
    if (!store) return;
    const auto report = verify(**store, {});
    if (!report) return;
    const auto done =
        repair(**store, *report, [](const wire::record::Decoded&) { return std::int64_t{0}; });
    if (!done) return;
  }
  const auto store = OfflineStore::open(disk, "/r");
  SLUICE_ASSERT(store);
  const auto report = verify(**store, {});
  SLUICE_ASSERT(report && report->log_damage.empty() && report->index_damage.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Files kStore = [] {
    log::set_level(log::Level::off);
    return small_store();
  }();
  Files files = kStore;
  change(files, {data, size});
  store::testing::MemoryDisk served, mended;
  put(served, files);
  serve(served);
  put(mended, files);
  mend(mended);
  mended.kill();
  serve(mended);
  return 0;
}
