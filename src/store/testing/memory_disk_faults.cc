#include <algorithm>
#include <cstring>

#include "store/testing/memory_disk.h"
#include "store/testing/memory_node.h"

/// What a disk in memory does to those who trust it: full, failing, killed, without power.
namespace sluice::store::testing {

std::int64_t MemoryDisk::changes() const {
  const std::lock_guard guard(mutex_);
  return changes_;
}

void MemoryDisk::fail_from(std::int64_t at) {
  const std::lock_guard guard(mutex_);
  fail_from_ = at;
}

void MemoryDisk::fail_once(std::int64_t at, Errc why) {
  const std::lock_guard guard(mutex_);
  fail_once_ = at;
  once_why_ = why;
}

bool MemoryDisk::stopped() const {
  const std::lock_guard guard(mutex_);
  return stopped_;
}

void MemoryDisk::set_room(std::optional<std::int64_t> bytes) {
  const std::lock_guard guard(mutex_);
  room_ = bytes;
}

void MemoryDisk::kill() {
  const std::lock_guard guard(mutex_);
  fail_from_ = kNever;
  fail_once_ = -1;
  stopped_ = false;
  for (auto& [path, node] : names_) node->locked = false;
}

void MemoryDisk::replay(const NameChange& change) {
  if (!change.from.empty()) {
    std::erase_if(durable_names_, [&](const auto& row) {
      return row.first == change.from || is_below(row.first, change.from);
    });
  }
  if (change.node) durable_names_[change.to] = change.node;
}

void MemoryDisk::cut_power(std::mt19937_64* keep) {
  kill();
  const std::lock_guard guard(mutex_);
  const std::size_t kept = keep == nullptr ? 0 : (*keep)() % (unsynced_names_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) replay(unsynced_names_[i]);
  unsynced_names_.clear();
  for (auto& [path, node] : durable_names_) {
    auto fresh = std::make_shared<Node>();
    std::vector<std::byte> left = node->durable;
    if (keep != nullptr && node->size > left.size()) left.resize(node->size);
    for (std::size_t at = 0; keep != nullptr && at < node->size; at += MemoryNode::kPiece) {
      if ((*keep)() % 2 == 0) continue;
      std::memcpy(left.data() + at, node->data.get() + at,
                  std::min(MemoryNode::kPiece, node->size - at));
    }
    fresh->resize(left.size());
    if (!left.empty()) std::memcpy(fresh->data.get(), left.data(), left.size());
    fresh->durable = std::move(left);
    node = std::move(fresh);
  }
  names_ = durable_names_;
}

void MemoryDisk::flip_byte(const std::string& path, std::int64_t at) {
  const std::lock_guard guard(mutex_);
  auto found = names_.find(path);
  if (found == names_.end() || static_cast<std::size_t>(at) >= found->second->size) return;
  found->second->data[at] ^= std::byte{0x5A};
}

}  // namespace sluice::store::testing
