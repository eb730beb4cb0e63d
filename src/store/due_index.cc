#include "store/due_index.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "base/log.h"
#include "base/numbers.h"
#include "store/due_order.h"

namespace sluice::store {
DueIndex::DueIndex(Disk& disk, std::string folder)
    : disk_(disk), folder_(std::move(folder)), fresh_read_(fresh_.begin()) {}
DueIndex::~DueIndex() = default;

Result<std::unique_ptr<DueIndex>> DueIndex::open(Disk& disk, std::string folder) {
  SLUICE_CHECK(disk.make_folder(folder));
  auto index = std::make_unique<DueIndex>(disk, std::move(folder));
  if (auto loaded = index->load(); !loaded) {
    if (loaded.error().code() == Errc::io_error) return fail(std::move(loaded.error()));
    log::warn("due_index_ignored",
              {{"why", loaded.error().remark()}, {"effect", "it is made again from the log"}});
    index->reset();
  }
  return index;
}

Result<void> DueIndex::load() {
  SLUICE_TRY(const auto names, disk_.list(folder_));
  for (const std::string& name : names) {
    if (name.ends_with(".due")) obsolete_.push_back(folder_ + '/' + name);
  }
  SLUICE_TRY(const auto table, read_due_table(disk_, folder_));
  if (!table) return {};
  next_number_ = table->next_number;
  for (const DueTable::Row& row : table->rows) {
    const std::string path = due_run_path(folder_, row.number);
    SLUICE_TRY(auto file, DueFile::open(disk_, path));
    if (row.consumed > file->count() || file->count() == 0) {
      return fail(Errc::corrupt, path + ": fewer entries than the table tells of");
    }
    SLUICE_TRY(auto run, DueRun::open(row.number, std::move(file)));
    run->consumed = run->read = row.consumed;
    run->min_position = row.min_position;
    runs_.push_back(std::move(run));
    std::erase(obsolete_, path);
  }
  opened_at_ = table->known;
  return {};
}

void DueIndex::reset() {
  const std::lock_guard lock(mutex_);
  for (const auto& run : runs_) {
    if (run->file()) obsolete_.push_back(run->file()->path());
  }
  runs_.clear();
  fresh_.clear();
  fresh_read_ = fresh_.begin();
  removed_.clear();
  given_.clear();
  skipped_.clear();
  opened_at_ = {};
  ++changes_;
  ++generation_;
  // No file of the time before is written over: what is left of that time may name it.
  std::int64_t last = 0;
  for (const std::string& path : obsolete_) {
    const std::string_view name = std::string_view(path).substr(folder_.size() + 1);
    last = std::max(last, parse_number<std::int64_t>(name.substr(0, name.find('.'))).value_or(0));
  }
  next_number_ = std::max(next_number_, last + 1);
}

void DueIndex::add(const DueEntry& entry) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSERT(given_.empty());
  fresh_.insert(entry);
  fresh_read_ = fresh_.begin();
  ++changes_;
  if (fresh_.size() >= kFreshMax) freeze();
}

void DueIndex::freeze() {
  if (fresh_.empty()) return;
  runs_.push_back(std::make_shared<DueRun>(next_number_++,
                                           std::vector<DueEntry>(fresh_.begin(), fresh_.end())));
  fresh_.clear();
  fresh_read_ = fresh_.begin();
}

void DueIndex::remove(DueKey key) {
  const std::lock_guard lock(mutex_);
  removed_.insert_or_assign(key, Removal::dead);
  ++changes_;
}

void DueIndex::put_back(const DueEntry& entry) {
  {
    const std::lock_guard lock(mutex_);
    if (removed_.erase(entry.key) > 0) return;
  }
  add(entry);
}

bool DueIndex::full() const {
  const std::lock_guard lock(mutex_);
  const auto unwritten =
      std::ranges::count_if(runs_, [](const auto& run) { return run->file() == nullptr; });
  return std::cmp_greater_equal(unwritten, kUnwrittenMax) || removed_.size() >= kFreshMax;
}

std::size_t DueIndex::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

std::int64_t DueIndex::size() const {
  const std::lock_guard lock(mutex_);
  auto size = static_cast<std::int64_t>(fresh_.size());
  for (const auto& run : runs_) size += run->left();
  return std::max<std::int64_t>(size - static_cast<std::int64_t>(removed_.size()), 0);
}

bool DueIndex::is_dead(DueKey key) const {
  const auto removed = removed_.find(key);
  return removed != removed_.end() && removed->second == Removal::dead;
}

/// The least of the first entries that are not dead; those before it are passed.
Result<std::optional<DueIndex::Found>> DueIndex::front() {
  while (fresh_read_ != fresh_.end() && is_dead(fresh_read_->key)) {
    skipped_.push_back((fresh_read_++)->key);
  }
  std::optional<Found> least;
  if (fresh_read_ != fresh_.end()) least = Found{*fresh_read_};
  for (const auto& run : runs_) {
    while (run->read < run->count()) {
      SLUICE_TRY(const DueFile::Slot slot, run->at(run->read));
      const bool removed = is_dead(slot.entry.key);
      if (!slot.dead && !removed) {
        if (!least || slot.entry < least->entry) least = Found{slot.entry, run.get()};
        break;
      }
      if (removed) skipped_.push_back(slot.entry.key);
      ++run->read;
    }
  }
  return least;
}

void DueIndex::pass(const Found& found) {
  if (found.run) {
    ++found.run->read;
  } else {
    ++fresh_read_;
  }
}

Result<std::optional<DueEntry>> DueIndex::next(std::int64_t until_ms) {
  const std::lock_guard lock(mutex_);
  SLUICE_TRY(const auto found, front());
  if (!found || found->entry.key.due_ms > until_ms) return std::nullopt;
  if (removed_.contains(found->entry.key)) return std::nullopt;
  pass(*found);
  given_.push_back(found->entry.key);
  return found->entry;
}

Result<std::optional<DueKey>> DueIndex::head() {
  const std::lock_guard lock(mutex_);
  SLUICE_TRY(const auto found, front());
  if (given_.empty()) use_up();
  if (!found) return std::nullopt;
  return found->entry.key;
}

void DueIndex::consume() {
  const std::lock_guard lock(mutex_);
  use_up();
}

void DueIndex::use_up() {
  fresh_.erase(fresh_.begin(), fresh_read_);
  fresh_read_ = fresh_.begin();
  for (const auto& run : runs_) run->consumed = run->read;
  for (const DueKey key : skipped_) removed_.erase(key);
  changes_ += given_.size() + skipped_.size();
  given_.clear();
  skipped_.clear();
}

void DueIndex::rewind() {
  const std::lock_guard lock(mutex_);
  fresh_read_ = fresh_.begin();
  for (const auto& run : runs_) run->read = run->consumed;
  given_.clear();
  skipped_.clear();
}

Result<bool> DueIndex::contains(DueKey key) {
  const auto fresh = fresh_.lower_bound(DueEntry{key, 0});
  if (fresh != fresh_.end() && fresh->key == key) return true;
  for (const auto& run : runs_) {
    if (!run->may_have(key)) continue;
    SLUICE_TRY(const std::int64_t number, run->lower_bound(key));
    if (number < run->consumed || number >= run->count()) continue;
    SLUICE_TRY(const DueFile::Slot slot, run->at(number));
    if (slot.entry.key == key && !slot.dead) return true;
  }
  return false;
}

Result<DueIndex::State> DueIndex::hold(DueKey key) {
  const std::lock_guard lock(mutex_);
  if (const auto removed = removed_.find(key); removed != removed_.end()) {
    return removed->second == Removal::held ? State::held : State::removed;
  }
  // Entries come in order, but for what was added with a time before the last one given.
  if (std::ranges::find(given_, key) != given_.end()) return State::taken;
  SLUICE_TRY(const bool known, contains(key));
  if (!known) return State::unknown;
  removed_.emplace(key, Removal::held);
  return State::waiting;
}

void DueIndex::release(DueKey key, Release how) {
  const std::lock_guard lock(mutex_);
  if (how == Release::removed) {
    removed_.insert_or_assign(key, Removal::dead);
    ++changes_;
  } else {
    removed_.erase(key);
  }
}

Result<std::vector<DueEntry>> DueIndex::list(DueKey from, std::size_t max) {
  const std::lock_guard lock(mutex_);
  std::vector<DueEntry> all;
  const auto take = [&](const DueEntry& entry, std::size_t& taken) {
    if (is_dead(entry.key)) return;
    all.push_back(entry);
    ++taken;
  };
  std::size_t taken = 0;
  for (auto at = fresh_.lower_bound({from, 0}); at != fresh_.end() && taken < max; ++at) {
    take(*at, taken);
  }
  std::vector<DueFile::Slot> block;
  for (const auto& run : runs_) {
    if (run->left() == 0 || run->last() < from) continue;
    SLUICE_TRY(std::int64_t number, run->lower_bound(from));
    number = std::max(number, run->consumed);
    for (taken = 0; number < run->count() && taken < max;) {
      if (!run->file()) {
        take(run->entries()[static_cast<std::size_t>(number++)], taken);
        continue;
      }
      SLUICE_CHECK(run->file()->read(
          number, std::min<std::int64_t>(static_cast<std::int64_t>(max), DueRun::kBlock), block));
      for (const DueFile::Slot& slot : block) {
        if (!slot.dead && taken < max) take(slot.entry, taken);
      }
      number += static_cast<std::int64_t>(block.size());
    }
  }
  std::ranges::sort(all);
  if (all.size() > max) all.resize(max);
  return all;
}

}  // namespace sluice::store
