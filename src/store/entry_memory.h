#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "base/os/fresh_memory.h"
#include "store/index_entry.h"

namespace sluice::store {

/// Room for some entries of a queue that follow each other, in the files' form.
struct EntryBlock {
  std::atomic<EntryBlock*> next{nullptr};
  std::int64_t first = 0;  ///< offset of its first entry
  std::int64_t capacity = 0;

  std::byte* at(std::int64_t offset) {
    return reinterpret_cast<std::byte*>(this + 1) + (offset - first) * kIndexEntryBytes;
  }
  std::byte* end() { return at(first + capacity); }
};

/// Memory for the entries of all queues. With very many queues nearly all of it is small blocks,
/// which come out of pieces that are asked for as huge pages, where there is time to: what is
/// touched once in a while costs the processor least there. What is given back is kept for the
/// next. Any thread.
class EntryMemory {
 public:
  static constexpr std::int64_t kSmall = 8;  ///< entries of a small block

  EntryMemory() = default;
  EntryMemory(const EntryMemory&) = delete;
  EntryMemory& operator=(const EntryMemory&) = delete;

  /// For entries from `first` on. A capacity up to kSmall is a small block.
  EntryBlock* take(std::int64_t first, std::int64_t capacity);
  /// A block and all behind it.
  void give_back(EntryBlock* blocks);
  /// Has the system give the memory that will be needed next. Called from time to time by a thread
  /// that may wait for it.
  void provide();
  /// What there is for small blocks, in use or not.
  std::int64_t bytes() const;

 private:
  std::byte* cut_small();

  mutable std::mutex mutex_;  ///< guards what follows
  EntryBlock* free_ = nullptr;
  std::byte *next_ = nullptr, *end_ = nullptr;  ///< what is left of the newest piece
  std::vector<FreshMemory> pieces_;
  std::optional<FreshMemory> ready_;  ///< for after that
};

}  // namespace sluice::store
