#pragma once

#include <cstdint>
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
/// Format, big-endian: "SLUQ", i32 version 2, i64 position, i32 rows; per row i16 length and bytes
/// of the topic, i32 queue, i64 first offset with a file, i64 offset behind the files' entries, i32
/// entries in no file and these in the files' form; u32 CRC-32 of all before. Version 1 has no
/// entries.
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

/// The table's bytes, made row by row: with very many queues a copy of all rows costs more.
class QueueTableBytes {
 public:
  explicit QueueTableBytes(LogPosition position);
  /// `unwritten`: parts, one after the other.
  void add(std::string_view topic, QueueId id, std::int64_t first, std::int64_t written,
           std::span<const Bytes> unwritten);
  std::int64_t rows() const { return rows_; }
  std::string finish() &&;

 private:
  std::string bytes_;
  std::int32_t rows_ = 0;
};

/// Durable on return. The files' entries must be durable before.
Result<void> write_queue_table(Disk& disk, const std::string& root, std::string_view bytes);

/// Nothing when there is none that can be used; what is damaged is said in the log.
Result<std::optional<QueueTable>> read_queue_table(Disk& disk, const std::string& root);

}  // namespace sluice::store
