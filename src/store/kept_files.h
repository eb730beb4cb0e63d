#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>

#include "store/cold_windows.h"
#include "store/compacted.h"

namespace sluice::store {

/// The files beside the log that readers may be sent to, by the id in a position for which
/// is_compacted() is true. Any thread.
class KeptFiles {
 public:
  explicit KeptFiles(Disk& disk) : disk_(disk) {}

  /// For a Compacted that is opened next; no other one has it.
  std::uint32_t next_id();
  void add(std::shared_ptr<const Compacted> file);
  /// Readers that come with its positions find it gone, and ask again.
  void remove(const Compacted& file);

  /// A record's bytes, maybe from the disk, and unchecked. Errors: not_found (what had it was
  /// replaced or removed since).
  Result<Slice> read(LogPosition position, std::int64_t size) const;
  Result<Slice> read_record(LogPosition position) const;
  /// Where the position's bytes lie. Nothing: see read().
  std::optional<ColdPlace> place_of(std::int64_t position) const;

 private:
  std::shared_ptr<const Compacted> find(LogPosition position) const;

  Disk& disk_;
  mutable std::shared_mutex mutex_;  ///< guards what follows
  std::map<std::uint32_t, std::shared_ptr<const Compacted>> open_;
  std::uint32_t last_id_ = 0;
};

}  // namespace sluice::store
