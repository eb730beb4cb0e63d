#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

/// The only way to files in the store: the seam for the simulated disk (torn writes, lost unsynced
/// pages, full disk). Paths are absolute or relative to the process. Errors: io_error, disk_full,
/// not_found, in_use; the remark names path and operation.
namespace sluice::store {

/// Read-only memory over a file. Bytes written to the file appear in it. Unmapped on destruction.
class Mapping {
 public:
  virtual ~Mapping() = default;
  virtual Bytes bytes() const = 0;
  /// Whether reading these bytes would not wait for the disk. The answer may be old at once.
  virtual bool in_memory(std::int64_t at, std::int64_t size) const = 0;
};

/// An open file. Reads and writes at a place are safe from several threads; the rest is not.
class File {
 public:
  virtual ~File() = default;
  virtual Result<std::int64_t> size() const = 0;
  /// Fills `to` from `at`; fewer bytes only at the end of the file.
  virtual Result<std::size_t> read(std::int64_t at, MutableBytes to) const = 0;
  /// The same, but nothing where the disk would have to be waited for.
  virtual Result<std::optional<std::size_t>> read_now(std::int64_t at, MutableBytes to) const = 0;
  /// Advice about the page cache: these bytes are read soon; they are not read again. Bytes that
  /// are not on stable storage yet stay.
  virtual void will_need(std::int64_t at, std::int64_t size) const = 0;
  virtual void wont_need(std::int64_t at, std::int64_t size) const = 0;
  /// Writes all of `from` at `at`, or fails; a failed write may have left a part.
  virtual Result<void> write(std::int64_t at, Bytes from) = 0;
  /// Grows with zeros (sparse) or cuts.
  virtual Result<void> resize(std::int64_t size) = 0;
  /// Zeros from `at` to the end. The size stays, at every moment.
  virtual Result<void> clear_from(std::int64_t at) = 0;
  /// Data is on stable storage when it returns (fdatasync). After an error nothing about earlier
  /// writes is known: the caller must not retry. Errors: io_error, also for a full disk.
  virtual Result<void> sync() = 0;
  virtual Result<std::unique_ptr<Mapping>> map(std::int64_t size) const = 0;
};

class Disk {
 public:
  enum class Open : std::uint8_t { read, write, create };  ///< create: write, made when missing
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Open mode) = 0;
  /// Names (not paths) of a folder's entries, sorted; none when the folder does not exist.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  /// With all parents.
  virtual Result<void> make_folder(const std::string& path) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// A file, or a folder with all that is in it; nothing there is no error.
  virtual Result<void> remove(const std::string& path) = 0;
  /// Makes creations, renames and removals in a folder durable.
  virtual Result<void> sync_folder(const std::string& path) = 0;
  /// Makes everything written so far durable, names too, on the whole file system that holds the
  /// folder (syncfs): for many small files, where a sync of each would take minutes.
  virtual Result<void> sync_all(const std::string& folder) = 0;
  virtual bool exists(const std::string& path) = 0;
  /// Holds an exclusive lock on the file until the result dies. Errors: in_use.
  virtual Result<std::unique_ptr<File>> lock(const std::string& path) = 0;
  /// Without what the file system keeps for root, as df and Apache's broker count it.
  struct Space {
    std::int64_t total = 0, available = 0;
  };
  virtual Result<Space> space(const std::string& path) = 0;
};

/// The operating system's files.
std::unique_ptr<Disk> posix_disk();

}  // namespace sluice::store
