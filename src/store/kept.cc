#include "store/kept.h"

#include <algorithm>

namespace sluice::store {

/// The first part that ends behind the offset.
std::vector<Kept::Part>::const_iterator Kept::part_of(QueueOffset offset) const {
  return std::ranges::upper_bound(parts_, offset, {},
                                  [](const Part& part) { return part->upto(); });
}

std::optional<QueueOffset> Kept::next(QueueOffset from) const {
  for (auto part = part_of(from); part != parts_.end(); ++part) {
    if ((*part)->count() > 0 && from <= (*part)->first()) return (*part)->first();
    const std::int64_t row = (*part)->find(from);
    if (row < (*part)->count()) return (*part)->offset_of(row);
  }
  return std::nullopt;
}

Result<std::size_t> Kept::read(QueueOffset from, std::span<IndexEntry> to) const {
  std::size_t done = 0;
  for (auto part = part_of(from); part != parts_.end() && done < to.size(); ++part) {
    std::int64_t row = (*part)->find(from);
    for (; done < to.size() && row < (*part)->count(); ++row, ++done) {
      if ((*part)->offset_of(row) != from) return done;
      SLUICE_TRY(const CompactedRow found, (*part)->row(row));
      to[done] = {.position = (*part)->position_of(found),
                  .size = found.size,
                  .tags_code = found.tags_code};
      from += 1;
    }
    if (from < (*part)->upto()) break;
  }
  return done;
}

}  // namespace sluice::store
