#include <algorithm>
#include <set>

#include "base/log.h"
#include "store/due_order.h"

/// How the index of due messages gets to the disk.
namespace sluice::store {

/// Runs of which nothing is left.
void DueIndex::drop_used_up() {
  std::erase_if(runs_, [this](const std::shared_ptr<DueRun>& run) {
    if (run->left() > 0) return false;
    if (run->file()) obsolete_.push_back(run->file()->path());
    return true;
  });
}

std::shared_ptr<DueIndex::Checkpoint> DueIndex::prepare(const DueMark& known) {
  const std::lock_guard lock(mutex_);
  freeze();
  drop_used_up();
  auto made = std::make_shared<Checkpoint>();
  made->table.known = known;
  made->table.next_number = next_number_;
  made->runs = runs_;
  for (const auto& run : runs_) {
    made->table.rows.push_back({run->number(), run->consumed, run->min_position});
    if (!run->file()) made->unwritten.push_back(run);
  }
  for (const auto& [key, removal] : removed_) {
    if (removal == Removal::dead) made->dead.push_back(key);
  }
  made->obsolete = obsolete_;
  made->generation = generation_;
  changes_ = 0;
  return made;
}

Result<void> DueIndex::write(Checkpoint& checkpoint) {
  for (const auto& run : checkpoint.unwritten) {
    const std::string path = due_run_path(folder_, run->number());
    SLUICE_TRY(auto writer, DueFileWriter::create(disk_, path));
    for (const DueEntry& entry : run->entries()) SLUICE_CHECK(writer.add(entry));
    SLUICE_CHECK(writer.finish());
    SLUICE_TRY(auto file, DueFile::open(disk_, path));
    checkpoint.written.push_back(std::move(file));
  }
  if (!checkpoint.unwritten.empty()) SLUICE_CHECK(disk_.sync_folder(folder_));
  std::set<DueFile*> changed;
  for (const auto& run : checkpoint.runs) {
    const auto unwritten = std::ranges::find(checkpoint.unwritten, run);
    DueFile& file =
        unwritten == checkpoint.unwritten.end()
            ? *run->file()
            : *checkpoint
                   .written[static_cast<std::size_t>(unwritten - checkpoint.unwritten.begin())];
    for (const DueKey key : checkpoint.dead) {
      if (!run->may_have(key)) continue;
      SLUICE_TRY(const std::int64_t number, file.lower_bound(key));
      std::vector<DueFile::Slot> slot;
      SLUICE_CHECK(file.read(number, 1, slot));
      if (slot.empty() || slot[0].entry.key != key || slot[0].dead) continue;
      SLUICE_CHECK(file.kill(number));
      changed.insert(&file);
    }
  }
  for (DueFile* const file : changed) SLUICE_CHECK(file->sync());
  return write_due_table(disk_, folder_, checkpoint.table);
}

void DueIndex::install(Checkpoint& checkpoint) {
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    if (checkpoint.generation != generation_) return;
    for (std::size_t i = 0; i < checkpoint.written.size(); ++i) {
      checkpoint.unwritten[i]->use(checkpoint.written[i]);
    }
    // They are marked in the files, as far as they are there.
    for (const DueKey key : checkpoint.dead) removed_.erase(key);
    for (const auto& run : runs_) run->forget_block();
    gone = checkpoint.obsolete;
    std::erase_if(obsolete_, [&](const std::string& path) {
      return std::ranges::find(gone, path) != gone.end();
    });
  }
  for (const std::string& path : gone) {
    if (auto done = disk_.remove(path); !done) {
      log::warn("file_not_removed", {{"why", done.error().remark()}});
    }
  }
}

}  // namespace sluice::store
