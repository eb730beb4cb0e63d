#include "store/entry_memory.h"

#include <new>
#include <utility>

namespace sluice::store {
namespace {

constexpr std::size_t kSmallBytes = 192;  // whole cache lines
static_assert(sizeof(EntryBlock) + EntryMemory::kSmall * kIndexEntryBytes <= kSmallBytes);

}  // namespace

EntryBlock* EntryMemory::take(std::int64_t first, std::int64_t capacity) {
  void* at = nullptr;
  if (capacity > kSmall) {
    at = ::operator new(sizeof(EntryBlock) + static_cast<std::size_t>(capacity) * kIndexEntryBytes);
  } else {
    capacity = kSmall;
    const std::lock_guard guard(mutex_);
    if (free_ != nullptr) {
      at = std::exchange(free_, free_->next.load(std::memory_order_relaxed));
      __builtin_prefetch(free_, 1);
    } else {
      at = cut_small();
      __builtin_prefetch(next_, 1);
    }
  }
  auto* const block = new (at) EntryBlock;
  block->first = first;
  block->capacity = capacity;
  return block;
}

std::byte* EntryMemory::cut_small() {
  if (static_cast<std::size_t>(end_ - next_) < kSmallBytes) {
    if (!ready_) ready_.emplace();
    pieces_.push_back(std::move(*ready_));
    ready_.reset();
    next_ = pieces_.back().data();
    end_ = next_ + FreshMemory::kBytes;
  }
  return std::exchange(next_, next_ + kSmallBytes);
}

void EntryMemory::give_back(EntryBlock* blocks) {
  EntryBlock *small = nullptr, *last_small = nullptr;
  while (blocks != nullptr) {
    EntryBlock* const block = std::exchange(blocks, blocks->next.load(std::memory_order_relaxed));
    if (block->capacity > kSmall) {
      ::operator delete(block);
      continue;
    }
    block->next.store(small, std::memory_order_relaxed);
    small = block;
    if (last_small == nullptr) last_small = block;
  }
  if (small == nullptr) return;
  const std::lock_guard guard(mutex_);
  last_small->next.store(std::exchange(free_, small), std::memory_order_relaxed);
}

/// Not for the first piece, of which most stores need a part only.
void EntryMemory::provide() {
  {
    const std::lock_guard guard(mutex_);
    const bool enough = free_ != nullptr || end_ - next_ > std::ptrdiff_t{FreshMemory::kBytes} / 2;
    if (ready_ || pieces_.empty() || enough) return;
  }
  try {
    FreshMemory piece;
    piece.provide();
    const std::lock_guard guard(mutex_);
    ready_ = std::move(piece);
  } catch (const std::bad_alloc&) {
    // Who needs it may find some, or fails.
  }
}

std::int64_t EntryMemory::bytes() const {
  const std::lock_guard guard(mutex_);
  return static_cast<std::int64_t>(pieces_.size() * FreshMemory::kBytes);
}

}  // namespace sluice::store
