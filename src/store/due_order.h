#pragma once

#include <memory>
#include <vector>

#include "store/due_index.h"

/// A sorted piece of the index: in memory while it is not written, then a file of which one block
/// is in memory.
namespace sluice::store {

/// What changes of it is guarded by the index's mutex.
class DueRun {
 public:
  static constexpr std::int64_t kBlock = 2048;  ///< entries read at once

  /// Not written yet; `entries` not empty.
  DueRun(std::int64_t number, std::vector<DueEntry> entries);
  /// A file that is not empty. Errors: corrupt, io_error.
  static Result<std::shared_ptr<DueRun>> open(std::int64_t number, std::shared_ptr<DueFile> file);

  std::int64_t number() const { return number_; }
  std::int64_t count() const { return count_; }
  std::int64_t left() const { return count_ - consumed; }
  const std::shared_ptr<DueFile>& file() const { return file_; }
  const std::vector<DueEntry>& entries() const { return entries_; }
  bool may_have(DueKey key) const { return !(key < first_) && !(last_ < key); }
  DueKey last() const { return last_; }
  void use(std::shared_ptr<DueFile> file);
  void forget_block() { block_.clear(); }

  Result<DueFile::Slot> at(std::int64_t number);
  Result<std::int64_t> lower_bound(DueKey key) const;

  std::int64_t consumed = 0;      ///< entries before it are over
  std::int64_t read = 0;          ///< what next() looks at
  std::int64_t min_position = 0;  ///< not more than that of any entry left

 private:
  DueRun() = default;
  std::int64_t number_ = 0, count_ = 0;
  DueKey first_, last_;
  std::shared_ptr<DueFile> file_;
  std::vector<DueEntry> entries_;  ///< while there is no file; sorted
  std::vector<DueFile::Slot> block_;
  std::int64_t block_at_ = 0;
};

struct DueIndex::Checkpoint {
  DueTable table;
  std::vector<std::shared_ptr<DueRun>> runs;       ///< all that the table names
  std::vector<std::shared_ptr<DueRun>> unwritten;  ///< those among them without a file
  std::vector<std::shared_ptr<DueFile>> written;   ///< their files, in the same order
  std::vector<DueKey> dead;                        ///< to be marked in the files
  std::vector<std::string> obsolete;
  std::uint64_t generation = 0;
};

}  // namespace sluice::store
