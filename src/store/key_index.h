#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/key_file.h"

/// Where messages with a key lie: the files `index/YYYYMMDDhhmmssSSS`, oldest first, the last one
/// growing until it is full. One thread adds, flushes and drops; any number look up meanwhile.
/// Source: apache/rocketmq store/index/IndexService.java.
///
/// Beside them `sluice.keys` says how far the log was gone through and which files there were, so
/// that a missing file is noticed, and records without keys are not read again.
namespace sluice::store {

class KeyIndex {
 public:
  KeyIndex(Disk& disk, Clock& clock, std::string root, KeyFileShape shape)
      : disk_(disk), clock_(clock), root_(std::move(root)), shape_(shape) {}

  /// What a start knows.
  struct Found {
    std::int64_t log_begin = 0, log_end = 0;
    bool whole = false;  ///< nothing was added since the last flush: slots need no look
    bool ours = false;   ///< no other broker worked on the store since: headers are in step
    std::int64_t apache_keys_ms = 0;  ///< up to which time Apache's files can be trusted, if not
  };
  /// Where to go on in the log.
  struct Progress {
    std::int64_t last_record = -1;  ///< position of the last record that has entries; -1: none
    std::int64_t below = 0;         ///< at least as far was the log gone through
  };
  /// Opens the files. One that is damaged or missing is left out with all later ones, and said so.
  Result<Progress> load(const Found& found);
  /// Removes every file.
  Result<void> clear();

  /// Adds keys in the order of the log; all keys of a record go to one file.
  Result<void> add(std::span<const HashedKey> keys);
  /// Makes what was added durable. `below`: how far the log was gone through.
  Result<void> flush(std::int64_t below);
  /// Removes files with records below `position` only, but never the last.
  Result<void> drop_below(std::int64_t position);

  /// Calls `visit(position)`, newest first, for entries with that hash that may lie in the time
  /// range, until it says false. Looks at no more than `limit` entries; false: there were more.
  Result<bool> find(std::int32_t hash, std::int64_t from_ms, std::int64_t to_ms, std::int32_t limit,
                    const std::function<bool(std::int64_t)>& visit) const;

  /// The header of the newest file.
  KeyHeader last() const;
  /// Store time of the last record whose entries are flushed.
  std::int64_t flushed_ms() const { return flushed_ms_; }
  std::int32_t keys_of_record_max() const { return shape_.entries - 1; }

 private:
  using Files = std::vector<std::shared_ptr<KeyFile>>;
  struct Mark {
    std::int64_t below = 0;
    std::vector<std::string> names;
  };
  std::string folder() const { return root_ + "/index"; }
  Result<Mark> read_mark() const;
  Result<void> write_mark(std::int64_t below) const;
  Result<void> forget_mark();
  Result<std::vector<std::string>> present() const;
  Result<std::shared_ptr<KeyFile>> open_trusted(const std::string& name, const Found& found) const;
  Result<bool> load_files(const Found& found, const Mark& mark);
  Result<std::shared_ptr<KeyFile>> next_file(const std::shared_ptr<KeyFile>& last);
  std::string fresh_name(const std::string& after) const;
  Files files() const;

  Disk& disk_;
  Clock& clock_;
  const std::string root_;
  const KeyFileShape shape_;
  std::atomic<std::int64_t> flushed_ms_{0};
  std::int64_t flushed_below_ = -1;
  mutable std::mutex mutex_;  ///< guards files_
  Files files_;
};

}  // namespace sluice::store
