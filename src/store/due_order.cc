#include "store/due_order.h"

#include <algorithm>
#include <limits>

namespace sluice::store {

DueRun::DueRun(std::int64_t number, std::vector<DueEntry> entries)
    : min_position(std::ranges::min(entries, {}, [](const DueEntry& e) { return e.key.position; })
                       .key.position),
      number_(number),
      count_(static_cast<std::int64_t>(entries.size())),
      first_(entries.front().key),
      last_(entries.back().key),
      entries_(std::move(entries)) {}

Result<std::shared_ptr<DueRun>> DueRun::open(std::int64_t number, std::shared_ptr<DueFile> file) {
  std::shared_ptr<DueRun> run(new DueRun);
  run->number_ = number;
  run->count_ = file->count();
  run->file_ = std::move(file);
  SLUICE_TRY(const DueFile::Slot last, run->at(run->count_ - 1));
  SLUICE_TRY(const DueFile::Slot first, run->at(0));
  run->first_ = first.entry.key;
  run->last_ = last.entry.key;
  run->forget_block();
  return run;
}

void DueRun::use(std::shared_ptr<DueFile> file) {
  file_ = std::move(file);
  entries_ = {};
  block_.clear();
}

Result<DueFile::Slot> DueRun::at(std::int64_t number) {
  if (!file_) return DueFile::Slot{entries_[static_cast<std::size_t>(number)], false};
  const auto inside = [&] {
    return number >= block_at_ && number < block_at_ + static_cast<std::int64_t>(block_.size());
  };
  if (!inside()) {
    block_at_ = number;
    SLUICE_CHECK(file_->read(number, kBlock, block_));
  }
  return block_[static_cast<std::size_t>(number - block_at_)];
}

Result<std::int64_t> DueRun::lower_bound(DueKey key) const {
  if (file_) return file_->lower_bound(key);
  const auto at = std::ranges::lower_bound(entries_, key, {}, &DueEntry::key);
  return at - entries_.begin();
}

}  // namespace sluice::store
