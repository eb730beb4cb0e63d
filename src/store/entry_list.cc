#include "store/entry_list.h"

#include <algorithm>
#include <utility>

namespace sluice::store {

void EntryList::add_block(EntryMemory& memory, std::int64_t first, std::int64_t capacity) {
  EntryBlock* const block = memory.take(first, capacity);
  EntryBlock* const before = last_.load(std::memory_order_relaxed);
  (before == nullptr ? first_ : before->next).store(block, std::memory_order_release);
  last_.store(block, std::memory_order_release);
  free_ = block->at(first);
  free_end_ = block->end();
}

void EntryList::clear(EntryMemory& memory) {
  memory.give_back(first_.exchange(nullptr));
  last_ = nullptr;
  free_ = nullptr;
  free_end_ = nullptr;
}

void EntryList::cut(EntryMemory& memory, std::int64_t offset) {
  EntryBlock* block = first_;
  if (block == nullptr || offset <= block->first) return clear(memory);
  for (EntryBlock* next = nullptr; (next = block->next) && next->first < offset;) block = next;
  memory.give_back(block->next.exchange(nullptr));
  last_ = block;
  free_ = block->at(offset);
  free_end_ = block->end();
}

/// Somebody may be adding to the last block, and one behind it.
std::int64_t EntryList::end_of(const EntryBlock& block, std::int64_t end) {
  return std::min(end, block.first + block.capacity);
}

std::size_t EntryList::copy(std::int64_t from, std::int64_t end, std::span<IndexEntry> to) const {
  std::size_t done = 0;
  // Mostly the newest are asked for.
  EntryBlock* block = last_.load(std::memory_order_acquire);
  if (block == nullptr || from < block->first) block = first_.load(std::memory_order_acquire);
  if (block == nullptr || from < block->first) return 0;
  for (; block != nullptr && done < to.size();
       block = block->next.load(std::memory_order_acquire)) {
    for (; from < end_of(*block, end) && done < to.size(); ++from) {
      to[done++] = decode_entry(block->at(from));
    }
  }
  return done;
}

std::vector<Bytes> EntryList::parts(std::int64_t from, std::int64_t to) const {
  std::vector<Bytes> parts;
  EntryBlock* block = first_.load(std::memory_order_acquire);
  for (; block != nullptr && block->first < to;
       block = block->next.load(std::memory_order_acquire)) {
    const std::int64_t low = std::max(from, block->first);
    const std::int64_t high = end_of(*block, to);
    if (low >= high) continue;
    parts.emplace_back(block->at(low), static_cast<std::size_t>((high - low) * kIndexEntryBytes));
  }
  return parts;
}

void EntryList::drop_below(EntryMemory& memory, std::int64_t offset) {
  EntryBlock* const before = first_;
  EntryBlock *first = before, *behind = nullptr;
  for (EntryBlock* next = nullptr; first != nullptr && (next = first->next.load()); first = next) {
    if (next->first > offset) break;
    behind = first;
  }
  if (behind == nullptr) return;
  first_.store(first, std::memory_order_release);
  behind->next.store(nullptr, std::memory_order_relaxed);
  memory.give_back(before);
}

}  // namespace sluice::store
