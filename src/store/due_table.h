#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/disk.h"

/// What the index of due messages is made of: one small file beside the runs, written anew at each
/// checkpoint, so that a start opens the runs without reading them.
namespace sluice::store {

/// How much of the log the index knows: the caller's two queues, each below an offset.
struct DueMark {
  QueueOffset waiting;  ///< of the queue that entries come from
  QueueOffset done;     ///< of the queue that says what became of them
  LogPosition log_end;  ///< the log had been flushed up to here
  /// What the caller knew of another program's work on the same log.
  std::int64_t foreign_ms = 0;
  QueueOffset foreign;
  friend bool operator==(const DueMark&, const DueMark&) = default;
};

struct DueTable {
  DueMark known;
  std::int64_t next_number = 1;  ///< of the next run's file
  struct Row {
    std::int64_t number = 0;
    std::int64_t consumed = 0;      ///< entries before it are over
    std::int64_t min_position = 0;  ///< not more than that of any entry left
    friend bool operator==(const Row&, const Row&) = default;
  };
  std::vector<Row> rows;
  friend bool operator==(const DueTable&, const DueTable&) = default;
};

/// Durable on return.
Result<void> write_due_table(Disk& disk, const std::string& folder, const DueTable& table);
/// Nothing when there is none. Errors: corrupt, io_error.
Result<std::optional<DueTable>> read_due_table(Disk& disk, const std::string& folder);

std::string due_run_path(const std::string& folder, std::int64_t number);

}  // namespace sluice::store
