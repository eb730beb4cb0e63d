// What may lie on the disk: every file of a small store, with some of its bytes changed. Opening it
// must say what is wrong or go on; whatever is then served must be whole records that lie where
// they say, and the checks and repairs that work without a broker must come to an end too.
//
// Input: one byte that chooses the file, two for the place in it, then the bytes that are written
// there; nothing behind the place cuts the file off.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/log.h"
#include "store/store_repair.h"
#include "store/testing/memory_disk.h"
#include "wire/record/properties.h"

namespace {

using namespace sluice;
using namespace sluice::store;
using Files = std::map<std::string, std::string>;

StoreOptions options() {
  return {.root = "/r",
          .segment_bytes = 4096,
          .index_file_bytes = 10LL * kIndexEntryBytes,
          .tail_bytes = 16384,
          .keys = {.slots = 50, .entries = 40},
          .pass_over_damage = true};
}

void append(MessageStore& store, int count) {
  for (int i = 0; i < count; ++i) {
    const auto queue = store.queue("T", QueueId(i % 2));
    Pending p{.queue = queue.get()};
    p.message = {.topic = queue->topic(), .queue = queue->id(), .born_ms = 1};
    const std::string body(20, static_cast<char>('a' + i % 26));
    const std::string properties = "UNIQ_KEY\x01id" + std::to_string(i) + "\x02KEYS\x01k\x02";
    p.message.body = as_bytes(body);
    p.message.properties = properties;
    p.size = *wire::record::encoded_size(p.message, {});
    p.crc = wire::record::body_crc(p.message.body);
    static_cast<void>(store.append(std::span(&p, 1)));
  }
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

void change(Files& files, std::span<const std::uint8_t> input) {
  if (input.size() < 3) return;
  std::string& bytes = std::next(files.begin(), input[0] % files.size())->second;
  const std::size_t at = std::min<std::size_t>(input[1] << 8U | input[2], bytes.size());
  const auto patch = input.subspan(3);
  if (patch.empty()) return bytes.resize(at);
  bytes.resize(std::max(bytes.size(), std::min<std::size_t>(at + patch.size(), 1 << 16)));
  for (std::size_t i = 0; i < patch.size() && at + i < bytes.size(); ++i) {
    bytes[at + i] = static_cast<char>(patch[i]);
  }
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
      const auto slice = store.read_checked(entry.position, entry.size, true);
      if (!slice) continue;
      const auto scan = wire::record::scan(slice->bytes, wire::record::CrcCheck::verify);
      SLUICE_ASSERT(scan.kind == wire::record::Scan::Kind::record);
      SLUICE_ASSERT(scan.record.placement.position == entry.position);
    }
  }
  static_cast<void>(
      store.find_by_key({.topic = "T", .key = "k", .from_ms = 0, .to_ms = 1LL << 60, .max = 32}));
  append(store, 3);
  store.maintain();
  static_cast<void>(store.index_keys());
  static_cast<void>(store.close());
}

void mend(Disk& disk) {
  const auto store = OfflineStore::open(disk, "/r");
  if (!store) return;
  const auto report = verify(**store, {});
  if (!report) return;
  static_cast<void>(
      repair(**store, *report, [](const wire::record::Decoded&) { return std::int64_t{0}; }));
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
