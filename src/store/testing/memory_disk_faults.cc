#include <algorithm>
#include <cstring>

#include "store/testing/memory_disk.h"
#include "store/testing/memory_names.h"
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

void MemoryDisk::fail_after_rename(std::string_view end_of_path, std::int64_t more) {
  const std::lock_guard guard(mutex_);
  after_rename_ = more;
  renamed_ = end_of_path;
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
  after_rename_.reset();
  stopped_ = false;
  names_->each([](const std::string&, auto& node) { node->locked = false; });
}

void MemoryDisk::replay(const NameChange& change) {
  if (!change.from.empty()) durable_names_->erase(change.from);
  if (change.node) durable_names_->put(change.to, change.node);
}

void MemoryDisk::cut_power(std::mt19937_64* keep) {
  kill();
  const std::lock_guard guard(mutex_);
  const std::size_t kept = keep == nullptr ? 0 : (*keep)() % (unsynced_names_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) replay(unsynced_names_[i]);
  unsynced_names_.clear();
  // Now and then nearly all has reached the disk, or nearly nothing.
  const std::size_t lost = keep == nullptr ? 8 : (std::size_t{1} << ((*keep)() % 3));
  durable_names_->each([&](const std::string&, std::shared_ptr<Node>& node) {
    node = std::make_shared<Node>(left_of(*node, keep, lost));
  });
  *names_ = *durable_names_;
}

/// The file as a power cut leaves it: of the pieces that are not synced, `lost` of 5 are lost.
MemoryDisk::Node MemoryDisk::left_of(const Node& node, std::mt19937_64* keep, std::size_t lost) {
  std::vector<std::byte> left = node.durable;
  if (keep != nullptr && node.size > left.size()) left.resize(node.size);
  for (std::size_t at = 0; keep != nullptr && at < node.size; at += MemoryNode::kPiece) {
    if ((*keep)() % 5 < lost) continue;
    std::memcpy(left.data() + at, node.data.get() + at,
                std::min(MemoryNode::kPiece, node.size - at));
  }
  Node fresh;
  fresh.resize(left.size());
  if (!left.empty()) std::memcpy(fresh.data.get(), left.data(), left.size());
  fresh.durable = std::move(left);
  return fresh;
}

void MemoryDisk::flip_byte(const std::string& path, std::int64_t at) {
  const std::lock_guard guard(mutex_);
  const auto found = names_->find(path);
  if (found == nullptr || static_cast<std::size_t>(at) >= found->size) return;
  found->data[at] ^= std::byte{0x5A};
}

}  // namespace sluice::store::testing
