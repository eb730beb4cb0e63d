#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/disk.h"

/// How far the store had come: two files, Apache's `checkpoint` with store times, so that an Apache
/// broker can take the store over, and `sluice.checkpoint` with positions, so that a start reads
/// the tail only.
namespace sluice::store {

/// Store times in Unix milliseconds. Source: apache/rocketmq store/StoreCheckpoint.java.
struct ApacheCheckpoint {
  std::int64_t log_ms = 0;    ///< of the last flushed record
  std::int64_t index_ms = 0;  ///< of the last one whose queue entry is flushed
  std::int64_t keys_ms = 0;   ///< the same for the key index
  friend bool operator==(const ApacheCheckpoint&, const ApacheCheckpoint&) = default;
};

struct Checkpoint {
  std::int64_t indexes_below = 0;  ///< the index files have every entry of records below, durably
  std::int64_t flushed = 0;        ///< at least as much of the log is
  ApacheCheckpoint apache;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// Durable on return.
Result<void> write_checkpoint(Disk& disk, const std::string& root, const Checkpoint& checkpoint);

/// Zeros when there is none, and in the place of a time that cannot be.
Result<ApacheCheckpoint> read_apache_checkpoint(Disk& disk, const std::string& root);

/// Makes the times durable as they are, whoever wrote them.
Result<void> keep_apache_checkpoint(Disk& disk, const std::string& root);

/// Nothing when there is none, or when another broker has worked on the store since it was written,
/// which the other file's times tell.
Result<std::optional<Checkpoint>> read_checkpoint(Disk& disk, const std::string& root);

}  // namespace sluice::store
