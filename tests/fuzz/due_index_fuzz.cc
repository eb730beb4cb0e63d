// The files of the index of timed messages may hold anything after a bad disk: opening says whether
// they can be used, reading ends, and gives no more than the files have. The first byte chooses
// what the rest is: the table, a run as it lies, the entries of a run whose checks are right, or
// the numbers of a table whose sum is right and then such entries.

#include <limits>

#include "base/assert.h"
#include "base/log.h"
#include "store/due_index.h"
#include "store/testing/memory_disk.h"

using namespace sluice;
using namespace sluice::store;

namespace {

constexpr const char* kFolder = "timers";

void put(Disk& disk, const std::string& path, Bytes bytes) {
  auto file = disk.open(path, Disk::Open::create);
  SLUICE_ASSERT(file && (*file)->write(0, bytes));
}

/// In whatever order they come, which no writer would do.
void put_entries(Disk& disk, const std::string& path, Bytes bytes) {
  auto writer = DueFileWriter::create(disk, path);
  SLUICE_ASSERT(writer);
  for (ByteReader in(bytes); in.left() >= 4;) {
    const auto due = in.take<std::int16_t>();
    const auto position = in.take<std::uint16_t>();
    SLUICE_ASSERT(writer->add({{due, position}, 1 + position}));
  }
  SLUICE_ASSERT(writer->finish());
}

DueTable take_table(ByteReader& in) {
  DueTable table;
  table.known.waiting = QueueOffset(in.take<std::int64_t>());
  table.known.done = QueueOffset(in.take<std::int64_t>());
  table.known.log_end = LogPosition(in.take<std::int64_t>());
  table.next_number = in.take<std::int64_t>();
  const auto consumed = in.take<std::int64_t>();
  const auto min_position = in.take<std::int64_t>();
  table.rows = {{1, consumed, min_position}};
  return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  log::set_level(log::Level::off);
  const Bytes bytes = std::as_bytes(std::span(data + 2, size - 2));
  store::testing::MemoryDisk disk;
  SLUICE_ASSERT(disk.make_folder(kFolder));
  const std::string run = due_run_path(kFolder, 1);
  const DueTable table{.known = {}, .next_number = 2, .rows = {{1, data[1], 0}}};
  const unsigned what = data[0] % 4;
  if (what == 0) {
    put(disk, std::string(kFolder) + "/index", bytes);
  } else if (what == 3) {
    ByteReader in(bytes);
    SLUICE_ASSERT(write_due_table(disk, kFolder, take_table(in)));
    put_entries(disk, run, in.rest());
  } else {
    SLUICE_ASSERT(write_due_table(disk, kFolder, table));
    if (what == 1) put(disk, run, bytes);
    if (what == 2) put_entries(disk, run, bytes);
  }
  auto index = DueIndex::open(disk, kFolder);
  SLUICE_ASSERT(index);
  SLUICE_ASSERT((*index)->list({0, 0}, 100) || true);
  SLUICE_ASSERT((*index)->hold({5, 5}) || true);
  std::size_t given = 0;
  while (true) {
    const auto next = (*index)->next(std::numeric_limits<std::int64_t>::max());
    if (!next || !*next) break;
    SLUICE_ASSERT(++given <= size);
  }
  (*index)->consume();
  const auto checkpoint = (*index)->prepare({});
  SLUICE_ASSERT((*index)->write(*checkpoint));
  (*index)->install(*checkpoint);
  SLUICE_ASSERT((*index)->size() >= 0 && std::cmp_less_equal((*index)->size(), size));
  return 0;
}
