#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "store/disk.h"

namespace sluice::store {

/// The hash slots of a key file: the number of the newest entry of each. Keys fall anywhere among
/// them, so each change by itself would cost a read and a write of four bytes; instead, the pages
/// of the slots in use stay in memory until write_back(), which a file's flush calls. What was not
/// written back is lost with the process, as are the entries that the header does not count.
///
/// Memory: 4 KiB for each 1,024 slots that were touched, at most 20 MiB with 5,000,000 slots; given
/// back by the first write_back() that finds nothing changed. Not thread-safe.
class KeySlots {
 public:
  /// `count` slots of four bytes, big-endian, from `at` on in the file, which outlives this.
  KeySlots(File& file, std::int64_t at, std::int32_t count);
  ~KeySlots();

  Result<std::int32_t> get(std::int32_t slot) const;
  /// Somebody is going to exchange it: it is asked for, where it is in memory.
  void expect(std::int32_t slot) const;
  /// Gives what was there before.
  Result<std::int32_t> exchange(std::int32_t slot, std::int32_t number);
  Result<void> write_back();

 private:
  struct Page;
  std::int64_t offset_of(std::size_t page) const;
  std::size_t bytes_of(std::size_t page) const;
  Result<Page*> page_of(std::int32_t slot);

  File& file_;
  const std::int64_t at_;
  const std::int64_t bytes_;
  std::vector<std::unique_ptr<Page>> pages_;
  bool changed_ = false;  ///< since the last write_back
};

}  // namespace sluice::store
