#include "store/due_merge.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

/// How the runs of the index of due messages stay few, and how entries are found by where their
/// records lie.
namespace sluice::store {
namespace {

constexpr std::int64_t kSmall = 4096;  // entries; smaller runs count as of this size
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

/// Runs of one class differ by a factor of eight at most.
int size_class(std::int64_t left) {
  int size = 0;
  for (std::int64_t at = kSmall * 8; at <= left; at *= 8) ++size;
  return size;
}

/// The entries of a file from some number on, block by block.
class Stream {
 public:
  Stream(std::shared_ptr<DueFile> file, std::int64_t from) : file_(std::move(file)), next_(from) {}
  /// Null at the end. Valid until advance().
  Result<const DueEntry*> entry() {
    while (true) {
      if (at_ == block_.size()) {
        SLUICE_CHECK(file_->read(next_, DueRun::kBlock, block_));
        next_ += static_cast<std::int64_t>(block_.size());
        at_ = 0;
        if (block_.empty()) return nullptr;
      }
      if (!block_[at_].dead) return &block_[at_].entry;
      ++at_;
    }
  }
  void advance() { ++at_; }

 private:
  std::shared_ptr<DueFile> file_;
  std::int64_t next_;
  std::vector<DueFile::Slot> block_;
  std::size_t at_ = 0;
};

}  // namespace

std::shared_ptr<DueIndex::Merge> DueIndex::plan_merge() {
  const std::lock_guard lock(mutex_);
  std::map<int, Runs> classes;
  Runs chosen;
  for (const auto& run : runs_) {
    if (!run->file()) continue;
    Runs& alike = classes[size_class(run->left())];
    alike.push_back(run);
    if (alike.size() >= kMergeAtOnce) chosen = alike;
    const bool mostly_used = run->consumed > run->left() && run->count() > 16 * kSmall;
    if (mostly_used && chosen.empty()) chosen = {run};
  }
  if (chosen.empty()) return nullptr;
  auto merge = std::make_shared<Merge>();
  merge->number = next_number_++;
  merge->generation = generation_;
  for (const auto& run : chosen) merge->inputs.push_back({run, run->consumed});
  return merge;
}

Result<void> DueIndex::write(Merge& merge) {
  std::vector<Stream> streams;
  streams.reserve(merge.inputs.size());
  for (const Merge::Input& input : merge.inputs)
    streams.emplace_back(input.run->file(), input.from);
  const std::string path = due_run_path(folder_, merge.number);
  SLUICE_TRY(auto writer, DueFileWriter::create(disk_, path));
  merge.min_position = kNone;
  while (true) {
    Stream* from = nullptr;
    const DueEntry* least = nullptr;
    for (Stream& stream : streams) {
      SLUICE_TRY(const DueEntry* const entry, stream.entry());
      if (!entry || (least && !(*entry < *least))) continue;
      least = entry;
      from = &stream;
    }
    if (!least) break;
    merge.min_position = std::min(merge.min_position, least->key.position);
    SLUICE_CHECK(writer.add(*least));
    from->advance();
  }
  SLUICE_CHECK(writer.finish());
  SLUICE_CHECK(disk_.sync_folder(folder_));
  if (writer.count() == 0) return disk_.remove(path);
  SLUICE_TRY(merge.file, DueFile::open(disk_, path));
  return {};
}

/// What was used up of the inputs meanwhile is the merged run's first part: entries are used up in
/// order.
Result<void> DueIndex::install(Merge& merge) {
  const std::lock_guard lock(mutex_);
  if (merge.generation != generation_) {
    if (merge.file) obsolete_.push_back(merge.file->path());
    return {};
  }
  std::shared_ptr<DueRun> made;
  if (merge.file) {
    SLUICE_TRY(made, DueRun::open(merge.number, merge.file));
    made->min_position = merge.min_position;
    DueKey first_left{kNone, kNone};
    for (const Merge::Input& input : merge.inputs) {
      if (input.run->left() == 0) continue;
      SLUICE_TRY(const DueFile::Slot slot, input.run->at(input.run->consumed));
      first_left = std::min(first_left, slot.entry.key);
    }
    SLUICE_TRY(made->consumed, made->lower_bound(first_left));
    made->read = made->consumed;
  }
  for (const Merge::Input& input : merge.inputs) {
    std::erase(runs_, input.run);
    obsolete_.push_back(input.run->file()->path());
  }
  if (made) runs_.push_back(std::move(made));
  ++changes_;
  return {};
}

std::int64_t DueIndex::min_position() const {
  const std::lock_guard lock(mutex_);
  std::int64_t least = kNone;
  for (const DueEntry& entry : fresh_) least = std::min(least, entry.key.position);
  for (const auto& run : runs_) {
    if (run->left() > 0) least = std::min(least, run->min_position);
  }
  return least;
}

std::shared_ptr<DueIndex::Walk> DueIndex::walk_below(std::int64_t position) {
  const std::lock_guard lock(mutex_);
  auto walk = std::make_shared<Walk>();
  walk->below = position;
  walk->min_position = kNone;
  for (const auto& run : runs_) {
    if (run->file() && run->left() > 0 && run->min_position < position) walk->runs.push_back(run);
  }
  return walk;
}

Result<std::vector<DueEntry>> DueIndex::step(Walk& walk, std::size_t max) {
  std::vector<DueEntry> found;
  walk.last.clear();
  std::vector<DueFile::Slot> block;
  while (walk.run < walk.runs.size() && found.size() < max) {
    const auto& run = walk.runs[walk.run];
    SLUICE_CHECK(run->file()->read(walk.number, DueRun::kBlock, block));
    const std::lock_guard lock(mutex_);
    for (const DueFile::Slot& slot : block) {
      if (found.size() == max) return found;
      const std::int64_t number = walk.number++;
      if (slot.dead || number < run->consumed || is_dead(slot.entry.key)) continue;
      const std::int64_t position = slot.entry.key.position;
      // One that is held is left for the next walk.
      if (position >= walk.below || removed_.contains(slot.entry.key)) {
        walk.min_position = std::min(walk.min_position, position);
        continue;
      }
      found.push_back(slot.entry);
      walk.last.push_back({run, number, slot.entry.key});
    }
    if (walk.number < run->count()) continue;
    run->min_position = walk.min_position;
    walk.min_position = kNone;
    walk.number = 0;
    ++walk.run;
  }
  return found;
}

Result<void> DueIndex::kill_last(Walk& walk) {
  std::set<DueFile*> changed;
  for (const Walk::Place& place : walk.last) {
    SLUICE_CHECK(place.run->file()->kill(place.number));
    changed.insert(place.run->file().get());
  }
  for (DueFile* const file : changed) SLUICE_CHECK(file->sync());
  const std::lock_guard lock(mutex_);
  for (const Walk::Place& place : walk.last) {
    place.run->forget_block();
    removed_.erase(place.key);
  }
  return {};
}

}  // namespace sluice::store
