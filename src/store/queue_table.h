#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/disk.h"

/// `sluice.queues`: which queues there are and how many entries their index files hold, so that a
/// start need not look into every one of them. A snapshot as of a position of the log, from which
/// the start reads on; without it, or when it is damaged, the files are looked at.
///
/// Format, big-endian: "SLUQ", i32 version 1, i64 position, i32 rows; per row i16 length and bytes
/// of the topic, i32 queue, i64 first offset with a file, i64 next offset; u32 CRC-32 of all
/// before.
namespace sluice::store {

struct QueueRow {
  std::string topic;
  QueueId id;
  std::int64_t first = 0;  ///< offset of the oldest file's first entry
  std::int64_t next = 0;   ///< the files have every entry below
  friend bool operator==(const QueueRow&, const QueueRow&) = default;
};

struct QueueTable {
  std::int64_t position = 0;  ///< the rows know all records that end at or below
  std::vector<QueueRow> rows;
  friend bool operator==(const QueueTable&, const QueueTable&) = default;
};

/// Durable on return. Gives the bytes it takes. The files' entries must be durable before.
Result<std::int64_t> write_queue_table(Disk& disk, const std::string& root,
                                       const QueueTable& table);

/// Nothing when there is none that can be used; what is damaged is said in the log.
Result<std::optional<QueueTable>> read_queue_table(Disk& disk, const std::string& root);

}  // namespace sluice::store
