#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/message_store.h"
#include "store/segment.h"

namespace sluice::store {

/// A file that has records, as positions see it.
struct ColdPlace {
  std::shared_ptr<const File> file;
  std::shared_ptr<const Mapping> mapping;  ///< of the same bytes
  std::string path;
  std::int64_t base = 0, end = 0;  ///< the positions of its first byte, and past its last
  bool says_its_place = true;      ///< its records say where they lie

  bool in_memory(std::int64_t position, std::int64_t size) const {
    return mapping->in_memory(position - base, size);
  }
};
/// Of the log's files.
std::optional<ColdPlace> place_in(const SegmentSet& log, std::int64_t position);
/// Nothing where the position is in no file (any more).
using FindColdPlace = std::function<std::optional<ColdPlace>(std::int64_t position)>;

/// Parts of the log, and of what lies beside it, that were brought from the disk for readers:
/// copies in memory of the store's own, whole records each, every one checked by its CRC. They are
/// what is served, so nothing can change between the check and the answer, and no page that others
/// use has to leave the page cache for them: what was read from the disk for a window alone is
/// given up again at once. A bounded number of bytes is kept, the least recently read go first; who
/// holds a slice keeps its window alive. Any thread; load() waits for the disk.
class ColdWindows {
 public:
  static constexpr std::int64_t kWindowBytes = 1 << 20;

  ColdWindows(FindColdPlace place_of, std::int64_t bytes_max)
      : place_of_(std::move(place_of)), bytes_max_(bytes_max) {}

  /// The bytes, which must be whole records, if a window has them.
  std::optional<Slice> find(LogPosition position, std::int32_t size);

  /// The one record of `size` bytes at `position`, from the disk if need be. With `ahead`, what
  /// follows up to kWindowBytes, `end` or the next damage is read and kept too, and the system is
  /// told to fetch the next window. Errors: not_found (no such file any more), corrupt (names file
  /// and position), io_error.
  Result<Slice> load(LogPosition position, std::int32_t size, bool ahead, std::int64_t end);

 private:
  struct Window {
    std::int64_t first = 0;
    std::vector<std::int64_t> ends;  ///< of its records, ascending
    std::shared_ptr<std::byte[]> bytes;
    std::int64_t size() const { return ends.back() - first; }
  };
  using WindowPtr = std::shared_ptr<const Window>;
  struct Kept {
    WindowPtr window;
    std::list<std::int64_t>::iterator use;
  };

  std::optional<Slice> find_locked(std::int64_t position, std::int64_t size);
  Result<std::shared_ptr<Window>> read(const ColdPlace& place, std::int64_t position,
                                       std::int64_t size);
  static Result<void> check(const ColdPlace& place, Window& window, std::int64_t read,
                            std::int64_t size);
  void fetch_next(const ColdPlace& place, std::int64_t from, std::int64_t end);
  void keep(const WindowPtr& window);
  static Slice slice(const WindowPtr& window, std::int64_t position, std::int64_t size);

  const FindColdPlace place_of_;
  const std::int64_t bytes_max_;
  std::mutex mutex_;  ///< guards what follows
  std::map<std::int64_t, Kept> windows_;
  std::list<std::int64_t> uses_;  ///< keys of windows_, most recently used first
  std::int64_t bytes_ = 0;
  std::set<std::int64_t> fetched_;  ///< where windows begin that the system was told to fetch
};

}  // namespace sluice::store
