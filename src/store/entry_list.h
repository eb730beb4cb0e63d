#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "store/entry_memory.h"

namespace sluice::store {

/// The entries of one queue that are in memory, one behind the other. One thread at a time adds to
/// it; others may look at the same time, up to where they know that entries are whole. Who takes
/// blocks away keeps those who look out, and those who add out of the last block.
class EntryList {
 public:
  // Who adds.

  bool full() const { return free_.load(std::memory_order_relaxed) == free_end_; }
  /// When full. For entries from `first` on.
  void add_block(EntryMemory& memory, std::int64_t first, std::int64_t capacity);
  /// When not full.
  void add(const IndexEntry& entry) {
    std::byte* const to = free_.load(std::memory_order_relaxed);
    encode_entry(entry, to);
    free_.store(to + kIndexEntryBytes, std::memory_order_relaxed);
  }
  /// Somebody is going to add: where the entry goes is asked for. Any thread.
  void warm() const { __builtin_prefetch(free_.load(std::memory_order_relaxed), 1); }
  /// Takes away the entries from `offset` on.
  void cut(EntryMemory& memory, std::int64_t offset);
  void clear(EntryMemory& memory);

  // Who looks. Entries below `end` are whole.

  std::size_t copy(std::int64_t from, std::int64_t end, std::span<IndexEntry> to) const;
  /// The entries from `from` to `to`, in parts.
  std::vector<Bytes> parts(std::int64_t from, std::int64_t to) const;

  /// Takes away the blocks with entries below `offset` alone, but never the last.
  void drop_below(EntryMemory& memory, std::int64_t offset);

 private:
  static std::int64_t end_of(const EntryBlock& block, std::int64_t end);

  std::atomic<std::byte*> free_{nullptr};  ///< where the next entry goes
  const std::byte* free_end_ = nullptr;
  std::atomic<EntryBlock*> last_{nullptr};
  std::atomic<EntryBlock*> first_{nullptr};
};

}  // namespace sluice::store
