// The small files beside the log, and a file of the key index: each is refused, or what was read
// can be used, and is the same when it was written and read again. Where a checksum is a file's
// last four bytes, it is made right: it would keep everything else out.
//
// Input: one byte that chooses the file, then its content.

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "app/serve/kv_file.h"
#include "base/assert.h"
#include "base/crc32.h"
#include "base/log.h"
#include "base/settings.h"
#include "broker/timer_check.h"
#include "client/consuming/offset_keeper.h"
#include "store/checkpoint.h"
#include "store/due_table.h"
#include "store/key_index.h"
#include "store/queue_table.h"
#include "store/testing/memory_disk.h"

namespace {

using namespace sluice;
using namespace sluice::store;
using store::testing::MemoryDisk;

constexpr const char* kRoot = "/r";

void put(Disk& disk, const std::string& path, Bytes content) {
  SLUICE_ASSERT(disk.make_folder(path.substr(0, path.rfind('/'))));
  auto file = disk.open(path, Disk::Open::create);
  SLUICE_ASSERT(file && (*file)->write(0, content));
}

std::vector<std::byte> sealed(Bytes content) {
  std::vector<std::byte> bytes(content.begin(), content.end());
  constexpr std::size_t kCrcBytes = 4;
  if (bytes.size() < kCrcBytes) return bytes;
  const std::size_t summed = bytes.size() - kCrcBytes;
  store_be(bytes.data() + summed, crc32(Bytes(bytes).first(summed)));
  return bytes;
}

void queue_table(Bytes content) {
  MemoryDisk disk;
  put(disk, "/r/sluice.queues", sealed(content));
  const auto read = read_queue_table(disk, kRoot);
  SLUICE_ASSERT(read);
  if (!*read) return;
  SLUICE_ASSERT((*read)->position >= 0);
  auto again = QueueTableWriter::begin(disk, kRoot, LogPosition((*read)->position));
  SLUICE_ASSERT(again);
  for (const QueueRow& row : (*read)->rows) {
    SLUICE_ASSERT(row.id.value >= 0 && row.first >= 0 && !row.topic.empty());
    SLUICE_ASSERT(row.written >= row.first && row.next() <= (*read)->position);
    const Bytes unwritten(row.unwritten);
    again->add(row.topic, row.id, row.first, row.written, std::span(&unwritten, 1));
  }
  SLUICE_ASSERT(again->finish());
  SLUICE_ASSERT(**read_queue_table(disk, kRoot) == **read);
}

void due_table(Bytes content) {
  MemoryDisk disk;
  put(disk, "/r/index", sealed(content));
  const auto read = read_due_table(disk, kRoot);
  if (!read || !*read) return;
  const DueTable& table = **read;
  SLUICE_ASSERT(table.known.waiting.value >= 0 && table.known.done.value >= 0);
  SLUICE_ASSERT(table.known.log_end.value >= 0);
  for (const DueTable::Row& row : table.rows) {
    SLUICE_ASSERT(row.number > 0 && row.number < table.next_number && row.consumed >= 0);
  }
  SLUICE_ASSERT(write_due_table(disk, kRoot, table));
  SLUICE_ASSERT(**read_due_table(disk, kRoot) == table);
}

/// Apache's times first, then ours.
void checkpoints(Bytes content) {
  constexpr std::size_t kTimes = 24;
  MemoryDisk disk;
  const std::size_t times = std::min(content.size(), kTimes);
  put(disk, "/r/checkpoint", content.first(times));
  put(disk, "/r/sluice.checkpoint", content.subspan(times));
  const auto apache = read_apache_checkpoint(disk, kRoot);
  SLUICE_ASSERT(apache);
  SLUICE_ASSERT(apache->log_ms >= 0 && apache->index_ms >= 0 && apache->keys_ms >= 0);
  SLUICE_ASSERT(keep_apache_checkpoint(disk, kRoot));
  SLUICE_ASSERT(*read_apache_checkpoint(disk, kRoot) == *apache);
  const auto read = read_checkpoint(disk, kRoot);
  SLUICE_ASSERT(read);
  if (!*read) return;
  SLUICE_ASSERT((*read)->indexes_below >= 0 && (*read)->flushed >= 0);
  SLUICE_ASSERT(write_checkpoint(disk, kRoot, **read));
  SLUICE_ASSERT(**read_checkpoint(disk, kRoot) == **read);
}

/// The mark, a line of NULs, and then a file of the index; both are asked and written on.
void key_index(Bytes content) {
  constexpr KeyFileShape kShape{.slots = 5, .entries = 9};
  constexpr std::int64_t kLogEnd = 1 << 20, kAdded = kLogEnd + 1, kLatest = 1LL << 62;
  constexpr std::int32_t kHash = 3;
  const auto cut =
      static_cast<std::size_t>(std::ranges::find(content, std::byte{0}) - content.begin());
  std::vector<std::byte> file(content.begin() + static_cast<std::ptrdiff_t>(cut), content.end());
  file.resize(static_cast<std::size_t>(kShape.bytes()));
  MemoryDisk disk;
  ManualClock clock;
  const std::string mark = "sluice-keys 1\n" + std::string(as_text(content.first(cut))) + "\n";
  put(disk, "/r/sluice.keys", as_bytes(mark));
  put(disk, "/r/index/20240101000000000", file);
  KeyIndex index(disk, clock, kRoot, kShape);
  const auto progress = index.load({.log_end = kLogEnd, .ours = true});
  SLUICE_ASSERT(progress && progress->last_record < kLogEnd && progress->below >= 0);
  std::int32_t seen = 0;
  const auto count = [&](std::int64_t) { return ++seen > 0; };
  SLUICE_ASSERT(index.find(kHash, 0, kLatest, kShape.entries, count));
  SLUICE_ASSERT(seen < kShape.entries);
  const HashedKey key{.hash = kHash, .position = kAdded, .store_ms = 1};
  SLUICE_ASSERT(index.add(std::span(&key, 1)));
  SLUICE_ASSERT(index.flush(kAdded));
  KeyIndex again(disk, clock, kRoot, kShape);
  const auto later = again.load({.log_end = 2 * kLogEnd, .ours = true});
  SLUICE_ASSERT(later && later->last_record == kAdded && later->below == kAdded);
  bool found = false;
  const auto look = [&](std::int64_t position) { return !(found = found || position == kAdded); };
  SLUICE_ASSERT(again.find(kHash, 0, kLatest, 1, look));
  SLUICE_ASSERT(found);
}

void timer_check(Bytes content) {
  MemoryDisk disk;
  put(disk, "/r/timercheck", content);
  const auto read = broker::read_timer_check(disk, "/r/timercheck");
  SLUICE_ASSERT(read && read->read_ms >= 0 && read->queued.value >= 0);
}

void kv_config(Bytes content) {
  MemoryDisk disk;
  put(disk, "/r/kvConfig.json", content);
  naming::KvConfig kv, again;
  if (!app::load_kv(disk, "/r/kvConfig.json", kv)) return;
  app::save_kv(disk, "/r/kvConfig.json", kv);
  SLUICE_ASSERT(app::load_kv(disk, "/r/kvConfig.json", again));
  SLUICE_ASSERT(again.snapshot() == kv.snapshot());
}

void settings(Bytes content) {
  constexpr std::size_t kMost = 200;  // a key that is not known is compared with all that are
  if (content.size() > kMost) return;
  Settings read, again;
  if (!read.read_text(as_text(content), "broker.conf")) return;
  SLUICE_ASSERT(again.read_text(read.as_properties(), "again"));
  SLUICE_ASSERT(again.as_properties() == read.as_properties());
}

void client_offsets(Bytes content) {
  const auto read = client::offsets_from_json(as_text(content));
  if (!read) return;
  const auto again = client::offsets_from_json(client::offsets_to_json(*read));
  SLUICE_ASSERT(again && *again == *read);
}

using Reader = void (*)(Bytes);
constexpr Reader kReaders[] = {queue_table, due_table, checkpoints, key_index,
                               timer_check, kv_config, settings,    client_offsets};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  log::set_level(log::Level::off);
  const Bytes input = std::as_bytes(std::span(data + 1, size - 1));
  const std::vector<std::byte> copy(input.begin(), input.end());  // reading past it is noticed
  kReaders[data[0] % std::size(kReaders)](copy);
  return 0;
}
