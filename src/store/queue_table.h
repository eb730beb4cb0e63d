#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/disk.h"
#include "store/index_entry.h"

/// `sluice.queues`: which queues there are, how many entries their index files hold, and the
/// entries that are in no file yet, so that a start need not look into every one of them. A
/// snapshot as of a position of the log, from which the start reads on; without it, or when it is
/// damaged, the files are looked at.
///
/// Format, big-endian: "SLUQ", i32 version 3, i64 position; per row i16 length and bytes of the
/// topic, i32 queue, i64 first offset with a file, i64 offset behind the files' entries, i32
/// entries in no file and these in the files' form; i32 rows; u32 CRC-32 of all before. Version 2
/// has the number of rows before them, version 1 has no entries, too.
namespace sluice::store {

struct QueueRow {
  std::string topic;
  QueueId id;
  std::int64_t first = 0;            ///< offset of the oldest file's first entry
  std::int64_t written = 0;          ///< the files have every entry below
  std::vector<std::byte> unwritten;  ///< the entries from there on, in the files' form
  std::int64_t next() const {
    return written + static_cast<std::int64_t>(unwritten.size()) / kIndexEntryBytes;
  }
  friend bool operator==(const QueueRow&, const QueueRow&) = default;
};

struct QueueTable {
  std::int64_t position = 0;  ///< the rows know all records that end at or below
  std::vector<QueueRow> rows;
  friend bool operator==(const QueueTable&, const QueueTable&) = default;
};

/// Writes a table part by part: with very many queues all of it in memory would cost more than the
/// rest. The file is the one of the table before the last, written over in place, which spares the
/// system finding pages and blocks for it. The files' entries must be durable before.
class QueueTableWriter {
 public:
  static Result<QueueTableWriter> begin(Disk& disk, const std::string& root, LogPosition position);
  /// A row, in memory until write_out(). `unwritten`: parts, one after the other.
  void add(std::string_view topic, QueueId id, std::int64_t first, std::int64_t written,
           std::span<const Bytes> unwritten);
  Result<void> write_out();
  /// Durable, and in the place of the table before, on return.
  Result<void> finish();
  std::int64_t rows() const { return rows_; }
  std::int64_t bytes() const { return written_; }

 private:
  QueueTableWriter(Disk& disk, const std::string& root, std::unique_ptr<File> file);
  MutableBytes more(std::size_t bytes);

  Disk* disk_;
  std::string root_;
  std::unique_ptr<File> file_;
  std::vector<std::byte> waiting_;
  std::size_t used_ = 0;  ///< of waiting_
  std::int64_t written_ = 0;
  std::uint32_t crc_ = 0;
  std::int32_t rows_ = 0;
};

/// Nothing when there is none that can be used; what is damaged is said in the log.
Result<std::optional<QueueTable>> read_queue_table(Disk& disk, const std::string& root);

}  // namespace sluice::store
