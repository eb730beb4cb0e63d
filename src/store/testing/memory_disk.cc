#include "store/testing/memory_disk.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "store/testing/memory_names.h"
#include "store/testing/memory_node.h"

namespace sluice::store::testing {
namespace {

constexpr std::size_t kPiece = MemoryNode::kPiece;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

class MemoryMapping final : public Mapping {
 public:
  MemoryMapping(const MemoryDisk& disk, std::shared_ptr<std::byte[]> data, std::size_t size)
      : disk_(disk), data_(std::move(data)), size_(size) {}
  Bytes bytes() const override { return {data_.get(), size_}; }
  bool in_memory(std::int64_t, std::int64_t) const override { return !disk_.is_cold(); }

 private:
  const MemoryDisk& disk_;
  std::shared_ptr<std::byte[]> data_;
  std::size_t size_;
};

class MemoryFile final : public File {
 public:
  MemoryFile(MemoryDisk& disk, std::string path, std::shared_ptr<MemoryDisk::Node> node)
      : disk_(disk), path_(std::move(path)), node_(std::move(node)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() override {
    if (!holds_lock_) return;
    const std::lock_guard guard(disk_.mutex_);
    node_->locked = false;
  }

  void hold_lock() { holds_lock_ = true; }

  Result<std::int64_t> size() const override {
    const std::lock_guard guard(disk_.mutex_);
    return static_cast<std::int64_t>(node_->size);
  }

  Result<std::size_t> read(std::int64_t at, MutableBytes to) const override {
    const std::lock_guard guard(disk_.mutex_);
    const auto from = static_cast<std::size_t>(at);
    if (from >= node_->size) return 0;
    const std::size_t n = std::min(to.size(), node_->size - from);
    if (n > 0) std::memcpy(to.data(), node_->data.get() + from, n);
    return n;
  }

  Result<std::optional<std::size_t>> read_now(std::int64_t at, MutableBytes to) const override {
    if (disk_.is_cold()) return std::nullopt;
    SLUICE_TRY(const std::size_t got, read(at, to));
    return got;
  }
  void will_need(std::int64_t, std::int64_t) const override {}
  void wont_need(std::int64_t, std::int64_t) const override {}

  Result<void> write(std::int64_t at, Bytes from) override {
    const std::lock_guard guard(disk_.mutex_);
    if (disk_.next_change() == MemoryDisk::Fate::fails) {
      put(at, from.first(from.size() / 2));
      return disk_.injected("write", path_);
    }
    const auto end = static_cast<std::size_t>(at) + from.size();
    const std::size_t fresh = end - std::min(end, std::max(node_->allocated, end - from.size()));
    const auto length = static_cast<std::int64_t>(fresh);
    if (disk_.room_ && *disk_.room_ < length) {
      put(at, from.first(from.size() - fresh + static_cast<std::size_t>(*disk_.room_)));
      disk_.room_ = 0;
      return fail(Errc::disk_full, "write " + path_ + ": no space left");
    }
    if (disk_.room_) *disk_.room_ -= length;
    put(at, from);
    return {};
  }

  Result<void> resize(std::int64_t size) override {
    const std::lock_guard guard(disk_.mutex_);
    if (disk_.next_change() == MemoryDisk::Fate::fails) return disk_.injected("resize", path_);
    node_->resize(static_cast<std::size_t>(size));
    return {};
  }

  Result<void> clear_from(std::int64_t at) override {
    const std::lock_guard guard(disk_.mutex_);
    if (disk_.next_change() == MemoryDisk::Fate::fails) return disk_.injected("clear", path_);
    const std::size_t size = node_->size;
    node_->resize(std::min(size, static_cast<std::size_t>(at)));
    node_->resize(size);
    return {};
  }

  Result<void> sync() override {
    const std::lock_guard guard(disk_.mutex_);
    if (disk_.next_change() == MemoryDisk::Fate::fails) {
      if (!disk_.stopped_) node_->fail_sync();  // else it is the process that ends, not the disk
      return disk_.injected("sync", path_);
    }
    node_->sync();
    return {};
  }

  Result<std::unique_ptr<Mapping>> map(std::int64_t size) const override {
    const std::lock_guard guard(disk_.mutex_);
    const auto length = static_cast<std::size_t>(size);
    if (length > node_->size) return fail(Errc::io_error, "map " + path_ + ": past the end");
    return std::make_unique<MemoryMapping>(disk_, node_->data, length);
  }

 private:
  void put(std::int64_t at, Bytes from) {
    if (from.empty()) return;
    const auto to = static_cast<std::size_t>(at);
    if (to + from.size() > node_->size) node_->resize(to + from.size());
    std::memcpy(node_->data.get() + to, from.data(), from.size());
    node_->given_up.erase(node_->given_up.lower_bound(to / kPiece),
                          node_->given_up.upper_bound((to + from.size() - 1) / kPiece));
    node_->allocated = std::max(node_->allocated, to + from.size());
  }

  MemoryDisk& disk_;
  std::string path_;
  std::shared_ptr<MemoryDisk::Node> node_;
  bool holds_lock_ = false;
};

MemoryDisk::MemoryDisk()
    : names_(std::make_unique<Names>()), durable_names_(std::make_unique<Names>()) {}
MemoryDisk::~MemoryDisk() = default;

std::unexpected<Error> MemoryDisk::injected(std::string_view what, const std::string& path) const {
  const bool full = !stopped_ && once_why_ == Errc::disk_full && !what.starts_with("sync");
  return fail(full ? Errc::disk_full : Errc::io_error,
              std::string(what) + " " + path + (full ? ": no space left" : ": injected"));
}

MemoryDisk::Fate MemoryDisk::next_change() {
  const std::int64_t number = changes_++;
  stopped_ = stopped_ || number >= fail_from_;
  return number >= fail_from_ || number == fail_once_ ? Fate::fails : Fate::passes;
}

std::unique_ptr<File> MemoryDisk::handle(const std::string& path, std::shared_ptr<Node> node) {
  return std::make_unique<MemoryFile>(*this, path, std::move(node));
}

Result<std::unique_ptr<File>> MemoryDisk::open(const std::string& path, Open mode) {
  const std::lock_guard guard(mutex_);
  if (auto found = names_->find(path)) return handle(path, std::move(found));
  if (mode != Open::create || !folders_.contains(parent_of(path))) {
    return fail(Errc::not_found, "open " + path + ": not found");
  }
  if (next_change() == Fate::fails) return injected("create", path);
  auto node = std::make_shared<Node>();
  names_->put(path, node);
  unsynced_names_.push_back({.from = {}, .to = path, .node = node});
  return handle(path, std::move(node));
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& folder) {
  const std::lock_guard guard(mutex_);
  auto found = names_->names_in(folder);
  const std::string first = folder + '/', last = folder + static_cast<char>('/' + 1);
  for (auto at = folders_.lower_bound(first); at != folders_.lower_bound(last); ++at) {
    if (parent_of(*at) == folder) found.push_back(at->substr(first.size()));
  }
  std::ranges::sort(found);
  return found;
}

Result<void> MemoryDisk::make_folder(const std::string& path) {
  const std::lock_guard guard(mutex_);
  for (std::string at = path; !at.empty(); at = at.contains('/') ? parent_of(at) : "") {
    folders_.insert(at);
  }
  return {};
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  if (next_change() == Fate::fails) return injected("rename", from);
  const auto found = names_->find(from);
  if (found == nullptr) return fail(Errc::not_found, "rename " + from + ": not found");
  unsynced_names_.push_back({.from = from, .to = to, .node = found});
  names_->erase(from);
  names_->put(to, found);
  if (after_rename_ && to.ends_with(renamed_)) {
    fail_from_ = changes_ + *std::exchange(after_rename_, std::nullopt);
  }
  return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (next_change() == Fate::fails) return injected("remove", path);
  names_->erase(path);
  folders_.erase(path);
  folders_.erase(folders_.lower_bound(path + '/'),
                 folders_.lower_bound(path + static_cast<char>('/' + 1)));
  unsynced_names_.push_back({.from = path, .to = {}, .node = {}});
  return {};
}

Result<void> MemoryDisk::sync_folder(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (next_change() == Fate::fails) return injected("sync folder", path);
  durable_names_->in(path) = names_->in(path);
  std::erase_if(unsynced_names_, [&](const NameChange& change) {
    return parent_of(change.to.empty() ? change.from : change.to) == path;
  });
  return {};
}

Result<void> MemoryDisk::sync_all(const std::string& folder) {
  const std::lock_guard guard(mutex_);
  if (next_change() == Fate::fails) return injected("sync all", folder);
  names_->each([](const std::string&, auto& node) { node->sync(); });
  *durable_names_ = *names_;
  unsynced_names_.clear();
  return {};
}

bool MemoryDisk::exists(const std::string& path) {
  const std::lock_guard guard(mutex_);
  return names_->find(path) != nullptr || folders_.contains(path);
}

Result<std::unique_ptr<File>> MemoryDisk::lock(const std::string& path) {
  SLUICE_TRY(auto file, open(path, Open::create));
  const std::lock_guard guard(mutex_);
  Node& node = *names_->find(path);
  if (node.locked) return fail(Errc::in_use, path + " is locked");
  node.locked = true;
  static_cast<MemoryFile&>(*file).hold_lock();
  return file;
}

Result<Disk::Space> MemoryDisk::space(const std::string&) {
  const std::lock_guard guard(mutex_);
  return Space{.total = 1LL << 40, .available = room_.value_or(1LL << 40)};
}

std::vector<std::string> MemoryDisk::files() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> paths;
  names_->each([&](const std::string& path, auto&) { paths.push_back(path); });
  std::ranges::sort(paths);
  return paths;
}

}  // namespace sluice::store::testing
