// What compaction has kept of a queue may be anything after a bad disk: opening says whether it can
// be used, every row is given or refused, and nothing is read past the files' ends. The first byte
// chooses whether the sums of the table's foot and rows are made right, or are as they lie.

#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "base/crc32.h"
#include "base/log.h"
#include "store/compacted.h"
#include "store/layout.h"
#include "store/testing/memory_disk.h"

using namespace sluice;
using namespace sluice::store;

namespace {

constexpr std::size_t kRowBytes = 48, kCrcBytes = 4, kUptoAt = 8;
constexpr const char* kFolder = "/r/sluice.compacted/T/0";

void put(Disk& disk, const std::string& path, Bytes bytes) {
  auto file = disk.open(path, Disk::Open::create);
  SLUICE_ASSERT(file && (*file)->write(0, bytes));
}

/// Rows and foot are of one size.
void seal_all(std::vector<std::byte>& table) {
  for (std::size_t at = 0; at + kRowBytes <= table.size(); at += kRowBytes) {
    const Bytes summed(table.data() + at, kRowBytes - kCrcBytes);
    store_be(table.data() + at + summed.size(), crc32(summed));
  }
}

void read_all(const Compacted& kept) {
  for (std::int64_t i = 0; i < kept.count(); ++i) {
    const auto row = kept.row(i);
    if (!row) continue;
    SLUICE_ASSERT(kept.offset_of(i) == row->offset);
    const auto bytes = kept.read(row->at, row->size);
    SLUICE_ASSERT(!bytes || std::cmp_equal(bytes->size(), row->size));
    unsigned sum = 0;
    for (const std::byte byte : bytes ? *bytes : Bytes()) sum += static_cast<unsigned>(byte);
    SLUICE_ASSERT(sum <= 255U * (bytes ? bytes->size() : 0U));
  }
  for (const std::int64_t from : {0, 1, 1000}) {
    const std::int64_t found = kept.find(QueueOffset(from));
    SLUICE_ASSERT(found >= 0 && found <= kept.count());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  log::set_level(log::Level::off);
  const Bytes bytes = std::as_bytes(std::span(data + 2, size - 2));
  const std::size_t rows = std::min<std::size_t>(bytes.size() / kRowBytes, data[1] % 8);
  std::vector<std::byte> table(bytes.begin(),
                               bytes.begin() + static_cast<std::ptrdiff_t>(rows * kRowBytes));
  if (data[0] % 2 == 0) seal_all(table);
  store::testing::MemoryDisk disk;
  SLUICE_ASSERT(disk.make_folder(kFolder));
  put(disk, std::string(kFolder) + "/table", table);
  if (table.size() >= kRowBytes) {
    const auto upto = load_be<std::int64_t>(table.data() + table.size() - kRowBytes + kUptoAt);
    if (upto >= 0) {
      put(disk, std::string(kFolder) + '/' + file_name(upto) + ".records",
          bytes.subspan(table.size()));
    }
  }
  const auto kept = Compacted::open(disk, kFolder, 1);
  if (kept && *kept) read_all(**kept);
  SLUICE_ASSERT(check_compacted(disk, "/r"));
  SLUICE_ASSERT(remove_leftovers(disk, kFolder) || !kept);
  return 0;
}
