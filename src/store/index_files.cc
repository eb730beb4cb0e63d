#include "store/index_files.h"

#include <algorithm>
#include <limits>
#include <ranges>

#include <fmt/format.h>

#include "store/layout.h"

namespace sluice::store {
namespace {

// A sync of a file costs some milliseconds of the disk's journal each time; 20000 of them took 147
// s where one of the file system takes two.
constexpr std::size_t kFewFiles = 8;

}  // namespace

IndexFiles::IndexFiles(Disk& disk, std::string folder, std::int64_t file_bytes,
                       std::size_t open_limit)
    : disk_(disk), folder_(std::move(folder)), file_bytes_(file_bytes), open_limit_(open_limit) {}

std::string IndexFiles::folder_of(const IndexName& name) const {
  return fmt::format("{}/{}/{}", folder_, *name.topic, name.id.value);
}

std::string IndexFiles::path_of(const IndexName& name, std::int64_t base) const {
  return folder_of(name) + "/" + file_name(base);
}

std::shared_ptr<File> IndexFiles::cached(const Key& key) {
  const std::lock_guard guard(mutex_);
  auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  open_.splice(open_.begin(), open_, found->second);
  return found->second->file;
}

void IndexFiles::keep(const Key& key, std::shared_ptr<File> file) {
  const std::lock_guard guard(mutex_);
  if (by_key_.contains(key)) return;
  open_.push_front({key, std::move(file)});
  by_key_[key] = open_.begin();
  if (open_.size() <= open_limit_) return;
  by_key_.erase(open_.back().key);
  open_.pop_back();
}

void IndexFiles::forget(const IndexName& name, std::int64_t from_base, std::int64_t to_base) {
  const std::lock_guard guard(mutex_);
  for (auto at = open_.begin(); at != open_.end();) {
    const Key& key = at->key;
    if (key.serial == name.serial && key.base >= from_base && key.base < to_base) {
      by_key_.erase(key);
      at = open_.erase(at);
    } else {
      ++at;
    }
  }
}

Result<std::shared_ptr<File>> IndexFiles::make(const IndexName& name, std::int64_t base) {
  const std::string folder = folder_of(name);
  SLUICE_CHECK(disk_.make_folder(folder));
  SLUICE_TRY(std::shared_ptr<File> file, disk_.open(path_of(name, base), Disk::Open::create));
  {
    // Before anything can fail: the next one to want the file finds it there.
    const std::lock_guard guard(mutex_);
    note_name_unsynced(name);
  }
  SLUICE_CHECK(file->resize(file_bytes_));
  return file;
}

Result<std::shared_ptr<File>> IndexFiles::open(const IndexName& name, std::int64_t base,
                                               Disk::Open mode) {
  const Key key{name.serial, base};
  if (auto file = cached(key)) return file;
  std::shared_ptr<File> file;
  auto opened = disk_.open(path_of(name, base), Disk::Open::write);
  if (opened) {
    file = std::move(*opened);
    SLUICE_TRY(const std::int64_t size, file->size());
    if (size < file_bytes_ && mode == Disk::Open::create) SLUICE_CHECK(file->resize(file_bytes_));
  } else if (opened.error().code() == Errc::not_found && mode == Disk::Open::create) {
    SLUICE_TRY(file, make(name, base));
  } else {
    return fail(std::move(opened.error()));
  }
  keep(key, file);
  return file;
}

Result<std::vector<std::int64_t>> IndexFiles::list(const IndexName& name) {
  SLUICE_TRY(const auto names, disk_.list(folder_of(name)));
  std::vector<std::int64_t> bases;
  for (const std::string& file : names) {
    if (auto base = parse_file_name(file); base && *base % file_bytes_ == 0) bases.push_back(*base);
  }
  return bases;
}

Result<std::size_t> IndexFiles::read(const IndexName& name, std::int64_t at, MutableBytes to) {
  std::size_t done = 0;
  while (done < to.size()) {
    const std::int64_t place = at + static_cast<std::int64_t>(done);
    const std::int64_t base = base_of(place);
    auto file = open(name, base, Disk::Open::write);
    if (!file && file.error().code() == Errc::not_found) break;
    if (!file) return fail(std::move(file.error()));
    const auto left = static_cast<std::size_t>(base + file_bytes_ - place);
    const std::size_t want = std::min(to.size() - done, left);
    SLUICE_TRY(const std::size_t got, (*file)->read(place - base, to.subspan(done, want)));
    done += got;
    if (got < want) break;
  }
  return done;
}

Result<bool> IndexFiles::read_now(const IndexName& name, std::int64_t at, MutableBytes to) {
  for (std::size_t done = 0; done < to.size();) {
    const std::int64_t place = at + static_cast<std::int64_t>(done);
    const std::int64_t base = base_of(place);
    const auto file = open(name, base, Disk::Open::write);
    if (!file) return false;  // whoever may wait reads what there is, or says what is wrong
    const auto left = static_cast<std::size_t>(base + file_bytes_ - place);
    const std::size_t want = std::min(to.size() - done, left);
    SLUICE_TRY(const auto got, (*file)->read_now(place - base, to.subspan(done, want)));
    if (!got || *got < want) return false;
    done += want;
  }
  return true;
}

void IndexFiles::note_unsynced(const IndexName& name, std::int64_t base) {
  const std::lock_guard guard(mutex_);
  if (many_unsynced_ || !unsynced_files_.insert(path_of(name, base)).second) return;
  // The name too: a process that was killed may have made the file, and not come to sync it. A
  // folder that has not changed is synced in some tens of microseconds.
  note_name_unsynced(name);
  many_unsynced_ = unsynced_files_.size() > kFewFiles;
}

void IndexFiles::note_name_unsynced(const IndexName& name) {
  unsynced_folders_.insert({folder_of(name), folder_ + "/" + *name.topic, folder_});
}

Result<void> IndexFiles::write(const IndexName& name, std::int64_t at, Bytes from) {
  while (!from.empty()) {
    const std::int64_t base = base_of(at);
    const auto left = static_cast<std::size_t>(base + file_bytes_ - at);
    const Bytes part = from.first(std::min(from.size(), left));
    SLUICE_TRY(auto file, open(name, base, Disk::Open::create));
    SLUICE_CHECK(file->write(at - base, part));
    note_unsynced(name, base);
    from = from.subspan(part.size());
    at += static_cast<std::int64_t>(part.size());
  }
  return {};
}

Result<void> IndexFiles::cut(const IndexName& name, std::int64_t at) {
  SLUICE_TRY(const auto bases, list(name));
  // The newest first: a power cut on the way leaves no gap, behind which a queue would begin anew.
  for (const std::int64_t base : bases | std::views::reverse) {
    if (base >= at && base != bases.front()) {
      SLUICE_CHECK(remove_file(name, base));
    } else if (base + file_bytes_ > at) {
      SLUICE_TRY(auto file, open(name, base, Disk::Open::create));
      SLUICE_CHECK(file->resize(std::max<std::int64_t>(at - base, 0)));
      SLUICE_CHECK(file->resize(file_bytes_));
      note_unsynced(name, base);
      const std::lock_guard guard(mutex_);
      unsynced_folders_.insert(folder_of(name));
    }
  }
  return {};
}

Result<void> IndexFiles::remove_file(const IndexName& name, std::int64_t base) {
  forget(name, base, base + 1);
  {
    const std::lock_guard guard(mutex_);
    unsynced_files_.erase(path_of(name, base));
    unsynced_folders_.insert(folder_of(name));
  }
  return disk_.remove(path_of(name, base));
}

Result<void> IndexFiles::remove_queue(const IndexName& name) {
  forget(name, 0, std::numeric_limits<std::int64_t>::max());
  return disk_.remove(folder_of(name));
}

Result<void> IndexFiles::remove_topic(const std::string& topic) {
  SLUICE_CHECK(disk_.remove(folder_ + "/" + topic));
  return disk_.sync_folder(folder_);
}

bool IndexFiles::sync_is_large() const {
  const std::lock_guard guard(mutex_);
  return many_unsynced_;
}

Result<void> IndexFiles::sync() { return sync_is_large() ? sync_whole_disk() : sync_files(); }

Result<void> IndexFiles::sync_whole_disk() {
  std::set<std::string> files, folders;
  {
    const std::lock_guard guard(mutex_);
    files.swap(unsynced_files_);
    folders.swap(unsynced_folders_);
    many_unsynced_ = false;
  }
  auto synced = disk_.sync_all(folder_);
  if (synced) return synced;
  const std::lock_guard guard(mutex_);
  many_unsynced_ = true;
  unsynced_files_.merge(files);
  unsynced_folders_.merge(folders);
  return synced;
}

Result<void> IndexFiles::sync_files() {
  const auto first_of = [this](const std::set<std::string>& set) -> std::string {
    const std::lock_guard guard(mutex_);
    return set.empty() ? std::string() : *set.begin();
  };
  const auto done = [this](std::set<std::string>& set, const std::string& path) {
    const std::lock_guard guard(mutex_);
    set.erase(path);
  };
  for (std::string path; !(path = first_of(unsynced_files_)).empty(); done(unsynced_files_, path)) {
    auto file = disk_.open(path, Disk::Open::write);
    if (!file && file.error().code() == Errc::not_found) continue;  // removed meanwhile
    if (!file) return fail(std::move(file.error()));
    SLUICE_CHECK((*file)->sync());
  }
  for (std::string path; !(path = first_of(unsynced_folders_)).empty();
       done(unsynced_folders_, path)) {
    if (disk_.exists(path)) SLUICE_CHECK(disk_.sync_folder(path));
  }
  return {};
}

}  // namespace sluice::store
