#include "store/segment.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"
#include "store/layout.h"

namespace sluice::store {

std::string SegmentSet::path_of(std::int64_t position) const {
  return folder_ + "/" + file_name(base_of(position));
}

Result<std::shared_ptr<Segment>> SegmentSet::open(std::int64_t base, Disk::Open mode) {
  SLUICE_TRY(auto file, disk_.open(path_of(base), mode));
  SLUICE_TRY(const std::int64_t size, file->size());
  if (size == 0) {
    SLUICE_CHECK(file->resize(segment_bytes_));
    // Or a power cut may keep what is written and lose the size.
    SLUICE_CHECK(file->sync());
  } else if (size != segment_bytes_) {
    return fail(
        Errc::corrupt,
        fmt::format(
            "{} has {} bytes, but mappedFileSizeCommitLog is {}; set it to what the store was "
            "made with, or remove the file if a copy cut it short",
            path_of(base), size, segment_bytes_));
  }
  SLUICE_TRY(auto mapping, file->map(segment_bytes_));
  return std::make_shared<Segment>(base, std::move(file), std::move(mapping));
}

void SegmentSet::add(std::shared_ptr<Segment> segment) {
  const std::unique_lock guard(mutex_);
  if (segments_.empty()) first_.store(segment->base(), std::memory_order_release);
  segments_.push_back(std::move(segment));
}

Result<void> SegmentSet::load() {
  SLUICE_CHECK(disk_.make_folder(folder_));
  SLUICE_TRY(const auto names, disk_.list(folder_));
  for (const std::string& name : names) {
    const auto base = parse_file_name(name);
    if (!base) continue;
    if (*base % segment_bytes_ != 0 || (!segments_.empty() && *base != last_end())) {
      return fail(
          Errc::corrupt,
          fmt::format("{}/{} does not follow the file before it; the log has a gap: bring the "
                      "missing file back, or move the older files away",
                      folder_, name));
    }
    SLUICE_TRY(auto segment, open(*base, Disk::Open::write));
    add(std::move(segment));
  }
  // A process that was killed may have made the last one, and not come to sync its name.
  return disk_.sync_folder(folder_);
}

std::int64_t SegmentSet::last_end() const {
  const std::shared_lock guard(mutex_);
  return segments_.empty() ? first() : segments_.back()->end();
}

std::shared_ptr<Segment> SegmentSet::find(std::int64_t position) const {
  const std::shared_lock guard(mutex_);
  if (segments_.empty() || position < segments_.front()->base()) return nullptr;
  const auto at = static_cast<std::size_t>((position - segments_.front()->base()) / segment_bytes_);
  return at < segments_.size() ? segments_[at] : nullptr;
}

Result<std::shared_ptr<Segment>> SegmentSet::find_or_create(std::int64_t position) {
  if (auto found = find(position)) return found;
  const std::lock_guard guard(creation_);
  if (auto found = find(position)) return found;
  SLUICE_ASSERT(base_of(position) == last_end());
  SLUICE_TRY(auto segment, open(base_of(position), Disk::Open::create));
  SLUICE_CHECK(disk_.sync_folder(folder_));
  add(segment);
  return segment;
}

Result<void> SegmentSet::cut(std::int64_t position) {
  const std::unique_lock guard(mutex_);
  while (!segments_.empty() && segments_.back()->base() >= position) {
    const std::int64_t base = segments_.back()->base();
    segments_.pop_back();
    SLUICE_CHECK(disk_.remove(path_of(base)));
  }
  if (segments_.empty() || segments_.back()->end() <= position) return {};
  Segment& last = *segments_.back();
  SLUICE_CHECK(last.file().clear_from(position - last.base()));
  SLUICE_CHECK(last.file().sync());
  return disk_.sync_folder(folder_);
}

Result<void> SegmentSet::drop_first() {
  std::shared_ptr<Segment> dropped;  // unmapped without the lock: that takes milliseconds
  {
    const std::unique_lock guard(mutex_);
    SLUICE_ASSERT(segments_.size() > 1);
    dropped = std::move(segments_.front());
    first_.store(segments_[1]->base(), std::memory_order_release);
    segments_.erase(segments_.begin());
  }
  return disk_.remove(path_of(dropped->base()));
}

Result<void> SegmentSet::write_again(std::int64_t from, std::int64_t to) {
  constexpr std::int64_t kAtOnce = 1 << 20;
  while (from < to) {
    const auto segment = find(from);
    if (segment == nullptr) return {};
    const std::int64_t end = std::min({from + kAtOnce, to, segment->end()});
    SLUICE_CHECK(segment->file().write(
        from - segment->base(), segment->from(from).first(static_cast<std::size_t>(end - from))));
    from = end;
  }
  return {};
}

Result<void> SegmentSet::sync(std::int64_t from, std::int64_t to) {
  for (std::int64_t at = from; at < to; at = base_of(at) + segment_bytes_) {
    if (auto segment = find(at)) SLUICE_CHECK(segment->file().sync());
  }
  return {};
}

}  // namespace sluice::store
