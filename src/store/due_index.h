#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/due_run.h"
#include "store/due_table.h"

/// What is due when, of any number of records that wait in the log: a queue in the order of their
/// times, on disk. In memory are the newest entries (kFreshMax, and a few sorted pieces of that
/// size until they are written) and one block of each file ("run"); so neither the number of
/// entries nor how many are due in the same moment costs memory.
///
/// New entries go into a sorted set; a full set becomes a run. Runs of about the same size are
/// merged eight at a time, so an entry is written about four times in the life of ten million. The
/// next entry is the least of the set's and the runs' first ones; a run is used up from its front,
/// and gone when it is used up.
///
/// The index repeats what the log says, and can always be made again from it. A checkpoint writes
/// the set down and a table that names runs, what is used up of them, and how much of the log they
/// know; open() reads that table and the caller adds what the log has beyond. The index on disk is
/// never ahead of the log's flushed part: what a power cut takes from the log the index never knew.
///
/// Threads: hold(), release(), list() and size() are for any. Everything else is for one thread at
/// a time (the caller has a mutex for that), but for write() and merge(), which work on files only
/// and may take long: they run beside the rest, one at a time. No lock is held while a file is
/// written.
namespace sluice::store {

class DueRun;

class DueIndex {
 public:
  static constexpr std::size_t kFreshMax = 65'536;
  static constexpr std::size_t kUnwrittenMax = 8;  ///< full() from here on
  static constexpr std::size_t kMergeAtOnce = 8;

  /// What lies in `folder`. When its files cannot be used the index is empty and knows nothing,
  /// which is logged. Errors: io_error.
  static Result<std::unique_ptr<DueIndex>> open(Disk& disk, std::string folder);
  DueIndex(Disk& disk, std::string folder);
  ~DueIndex();

  /// What the index on disk knew when it was opened; what has happened since is added by the
  /// caller.
  const DueMark& opened_at() const { return opened_at_; }
  /// Forgets everything; files go with the next checkpoint.
  void reset();

  void add(const DueEntry& entry);
  /// Takes an entry out, wherever it is; it may come later than this.
  void remove(DueKey key);
  /// Undoes remove().
  void put_back(const DueEntry& entry);
  /// Whether a checkpoint has to write something out before more is added.
  bool full() const;

  /// The next entry that is due by `until_ms`, and with each further call the one after it.
  /// Nothing: there is no more, or the next one is held. Errors: corrupt, io_error.
  Result<std::optional<DueEntry>> next(std::int64_t until_ms);
  /// What next() gave is over.
  void consume();
  /// What next() gave is next again.
  void rewind();
  /// The first of all, held or not. Removed ones before it are forgotten.
  Result<std::optional<DueKey>> head();

  enum class State : std::uint8_t {
    waiting,  ///< and now held: next() does not go past it until release()
    held,     ///< by somebody else
    taken,    ///< next() gave it and nothing is decided
    removed,  ///< taken out a moment ago
    unknown,  ///< not in the index, or no more
  };
  Result<State> hold(DueKey key);
  /// Ends a hold: the entry is taken out, or as before.
  enum class Release : std::uint8_t { removed, as_before };
  void release(DueKey key, Release how);
  /// Up to `max` waiting entries from `from` on, in order.
  Result<std::vector<DueEntry>> list(DueKey from, std::size_t max);
  /// Entries that wait: removed ones count until the next checkpoint has passed them.
  std::int64_t size() const;

  /// A checkpoint in three steps: prepare() notes what is to be written, write() writes it (when
  /// the log is flushed up to `known.log_end`), install() uses it. Between them the index is used
  /// as ever.
  struct Checkpoint;
  std::shared_ptr<Checkpoint> prepare(const DueMark& known);
  Result<void> write(Checkpoint& checkpoint);
  void install(Checkpoint& checkpoint);
  /// How much has changed since the last prepare().
  std::size_t changes() const;

  /// Merges runs, if it is time for that: plan, write files, use them. A checkpoint has to follow.
  struct Merge;
  std::shared_ptr<Merge> plan_merge();
  Result<void> write(Merge& merge);
  Result<void> install(Merge& merge);

  /// Walks over the entries that lie before a position of the log, for who wants to move them.
  /// Needs a checkpoint before, and no merge between begin and end of a walk.
  class Walk;
  /// A lower bound of the positions of all waiting entries; the largest number when there are none.
  std::int64_t min_position() const;
  std::shared_ptr<Walk> walk_below(std::int64_t position);
  /// Up to `max` further entries; none: the walk is over, and min_position() knows it.
  Result<std::vector<DueEntry>> step(Walk& walk, std::size_t max);
  /// Marks what the last step gave, and what was removed since, as dead in its files; durable on
  /// return. The log must have been flushed with what makes them so.
  Result<void> kill_last(Walk& walk);

 private:
  using Runs = std::vector<std::shared_ptr<DueRun>>;
  enum class Removal : std::uint8_t { held, dead };
  struct Found {
    DueEntry entry;
    DueRun* run = nullptr;  ///< null: fresh_
  };

  Result<void> load();
  bool is_dead(DueKey key) const;
  Result<std::optional<Found>> front();
  void pass(const Found& found);
  void use_up();
  Result<bool> contains(DueKey key);
  void freeze();
  void drop_used_up();
  Result<void> kill(const std::vector<DueKey>& dead, const Runs& runs);

  Disk& disk_;
  const std::string folder_;
  DueMark opened_at_;

  mutable std::mutex mutex_;  ///< guards all below, and what changes of runs
  std::set<DueEntry> fresh_;
  std::set<DueEntry>::iterator fresh_read_;
  Runs runs_;
  std::map<DueKey, Removal> removed_;
  std::vector<DueKey> given_, skipped_;  ///< by next(), since consume() or rewind()
  std::vector<std::string> obsolete_;    ///< files that go when no table names them any more
  std::int64_t next_number_ = 1;
  std::size_t changes_ = 0;
  std::uint64_t generation_ = 0;  ///< of what reset() forgets
};

}  // namespace sluice::store
