#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "store/disk.h"
#include "store/message_store.h"

/// What compaction has kept of a queue: the newest message of each key below an offset. Two files
/// in `<root>/sluice.compacted/TOPIC/QUEUE/`:
///
///   <upto>.records  the records, byte for byte as they were in the log
///   table           a row of 48 bytes for each, by offset, and a foot that says `upto`
///
/// A part of what a topic keeps longer than the log (keeper.h) is the same two files, with all
/// messages and no keys; what is said of compacted records and positions here is true of its, too.
///
/// Both are written anew by each compaction. The rename of `table` makes it valid at once; what a
/// crash leaves of others is removed at the start.
namespace sluice::store {

/// A key's hash; none is two zeros.
using KeyHash128 = std::array<std::uint64_t, 2>;

struct CompactedRow {
  QueueOffset offset;
  std::int64_t at = 0;  ///< first byte in the records file
  std::int32_t size = 0;
  std::int64_t tags_code = 0;
  KeyHash128 key{};
};

/// A record's KEYS as a whole, as Apache's broker compares it; nothing when it is blank.
std::optional<KeyHash128> key_of(std::string_view properties);

std::string compacted_folder(const std::string& root);
/// The same two files, of what topics keep longer than the log: see keeper.h.
std::string kept_folder(const std::string& root);

/// One queue's, opened: immutable, mapped, any thread. Lives as long as somebody reads it, also
/// after its files were replaced.
class Compacted {
 public:
  /// What the folder's table says. `id`: makes its positions unlike those of all others; at most
  /// kIdMax. Nothing when there is no table. Errors: corrupt (names the file and what to do),
  /// io_error.
  static Result<std::shared_ptr<const Compacted>> open(Disk& disk, const std::string& folder,
                                                       std::uint32_t id);

  /// Everything below was compacted; from here on the log has it.
  QueueOffset upto() const { return upto_; }
  std::int64_t count() const { return count_; }
  /// Of the first row; upto() when there is none.
  QueueOffset first() const { return first_; }
  std::int64_t bytes() const { return records_bytes_; }
  std::uint32_t id() const { return id_; }

  /// Errors: corrupt (the row is damaged).
  Result<CompactedRow> row(std::int64_t index) const;
  /// The first row with an offset of at least `from`; count() when there is none.
  std::int64_t find(QueueOffset from) const;
  /// Of a row: without a look at anything else of it.
  QueueOffset offset_of(std::int64_t index) const;
  /// Where the store reads the record: see is_compacted().
  LogPosition position_of(const CompactedRow& row) const;
  /// The records file, and its bytes (null when there is no row).
  const std::string& records_path() const { return records_path_; }
  const Mapping* records() const { return records_.get(); }
  /// Bytes of the records file. Errors: not_found past its end.
  Result<Bytes> read(std::int64_t at, std::int64_t size) const;

  static constexpr std::uint32_t kIdMax = (1U << 22) - 1;

 private:
  Compacted() = default;
  std::string path_, records_path_;
  std::uint32_t id_ = 0;
  QueueOffset upto_, first_;
  std::int64_t count_ = 0, records_bytes_ = 0;
  std::unique_ptr<Mapping> table_, records_;  ///< null when there is no row
};

/// What is in a position for which is_compacted() is true, below kCompactedBit: the id of a
/// Compacted, and the first byte.
inline std::uint32_t compacted_id(LogPosition position) {
  return static_cast<std::uint32_t>(position.value >> 40 & Compacted::kIdMax);
}
inline std::int64_t compacted_byte(LogPosition position) {
  return position.value & ((std::int64_t{1} << 40) - 1);
}

/// Writes what replaces a queue's compacted messages. One thread. Nothing is changed for readers
/// before commit(), and nothing remains of it without.
class CompactedWriter {
 public:
  /// Errors of all: io_error, disk_full.
  static Result<std::unique_ptr<CompactedWriter>> start(Disk& disk, std::string folder,
                                                        QueueOffset upto);
  /// Rows come by offset.
  Result<void> add(const CompactedRow& row, Bytes record);
  /// Everything is on stable storage when it returns, and what was there before is gone.
  Result<void> commit();

 private:
  CompactedWriter(Disk& disk, std::string folder, QueueOffset upto)
      : disk_(disk), folder_(std::move(folder)), upto_(upto) {}
  Result<void> write_out();

  Disk& disk_;
  const std::string folder_;
  const QueueOffset upto_;
  std::unique_ptr<File> records_, table_;
  std::vector<std::byte> record_bytes_, table_bytes_;  ///< gathered, not written yet
  std::int64_t records_end_ = 0, table_end_ = 0;       ///< in the files
  std::int64_t count_ = 0;
};

/// All tables and records of both folders, looked at without a broker: what is not well, as
/// sentences that name the file. Errors: io_error.
Result<std::vector<std::string>> check_compacted(Disk& disk, const std::string& root);

/// Removes what a crash left in the folder beside the valid files.
Result<void> remove_leftovers(Disk& disk, const std::string& folder);
/// Removes the folder. A crash on the way leaves all of it, or what has no table.
Result<void> remove_kept(Disk& disk, const std::string& folder);
/// Makes the names of the folder and of those above it durable, up to `root`.
Result<void> sync_folders(Disk& disk, std::string folder, const std::string& root);

}  // namespace sluice::store
