#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/disk.h"

/// A file of the index of what is due when: entries in the order in which they are due. All
/// integers big-endian:
///
///   0    "SLUDUERN", version (4 bytes), number of entries (8), the CRC-32 of those 20 bytes (4)
///   24   entries, 24 bytes each: due (8), position in the log (8), size (4), check (3), state (1)
///
/// The check is of the first 20 bytes. The state is the only thing that changes after a file was
/// written: from 0 to 1 when the entry is taken out of the order, one byte, which no crash tears.
namespace sluice::store {

/// A record that waits. Entries are ordered by when they are due, then by where they lie.
struct DueKey {
  std::int64_t due_ms = 0;
  std::int64_t position = 0;
  friend auto operator<=>(const DueKey&, const DueKey&) = default;
};
struct DueEntry {
  DueKey key;
  std::int32_t size = 0;
  friend auto operator<=>(const DueEntry&, const DueEntry&) = default;
};

inline constexpr std::int64_t kDueHeadBytes = 24, kDueEntryBytes = 24;

class DueFile {
 public:
  /// Errors: corrupt, when head or size cannot be.
  static Result<std::shared_ptr<DueFile>> open(Disk& disk, const std::string& path);

  const std::string& path() const { return path_; }
  std::int64_t count() const { return count_; }
  /// Live and dead entries from number `from` on, as many as `to` takes and the file has.
  /// Errors: corrupt, naming file and entry; io_error.
  struct Slot {
    DueEntry entry;
    bool dead = false;
  };
  Result<void> read(std::int64_t from, std::int64_t count, std::vector<Slot>& to) const;
  /// Number of the first entry not less than `key`.
  Result<std::int64_t> lower_bound(DueKey key) const;
  /// Takes an entry out; durable with the next sync().
  Result<void> kill(std::int64_t number);
  Result<void> sync() { return file_->sync(); }

 private:
  DueFile(std::string path, std::unique_ptr<File> file, std::int64_t count)
      : path_(std::move(path)), file_(std::move(file)), count_(count) {}
  std::string path_;
  std::unique_ptr<File> file_;
  std::int64_t count_ = 0;
};

/// Writes such a file from its first entry to its last. Without finish() nothing counts.
class DueFileWriter {
 public:
  static Result<DueFileWriter> create(Disk& disk, std::string path);
  /// In order.
  Result<void> add(const DueEntry& entry);
  /// Durable on return, but for its name in the folder.
  Result<void> finish();
  std::int64_t count() const { return count_; }

 private:
  DueFileWriter(std::string path, std::unique_ptr<File> file)
      : path_(std::move(path)), file_(std::move(file)) {}
  Result<void> write_out();
  std::string path_;
  std::unique_ptr<File> file_;
  std::vector<std::byte> buffer_;
  std::int64_t count_ = 0, written_ = kDueHeadBytes;
};

}  // namespace sluice::store
