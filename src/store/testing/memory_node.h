#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/testing/memory_disk.h"

namespace sluice::store::testing {

/// A file of MemoryDisk, with both its pictures: what a process sees, what a power cut leaves.
struct MemoryNode {
  static constexpr std::size_t kPiece = 64;  ///< bytes that survive a power cut together
  /// Written again at a new address only when it outgrows what was reserved; a mapping keeps the
  /// memory it was made over.
  std::shared_ptr<std::byte[]> data;
  std::size_t capacity = 0;
  std::size_t size = 0;
  std::size_t allocated = 0;  ///< bytes up to here take no more room, whether written or not
  std::vector<std::byte> durable;
  std::set<std::size_t> given_up;  ///< pieces that a failed sync has marked clean
  bool locked = false;

  void resize(std::size_t to) {
    if (to > capacity) {
      auto fresh = std::make_shared<std::byte[]>(to);
      if (size > 0) std::memcpy(fresh.get(), data.get(), size);
      data = std::move(fresh);
      capacity = to;
    }
    if (to < size) std::memset(data.get() + to, 0, size - to);
    size = to;
  }

  void sync() {
    std::vector<std::byte> before = std::exchange(durable, {data.get(), data.get() + size});
    before.resize(std::max(before.size(), size));
    for (const std::size_t piece : given_up) {
      const std::size_t at = piece * kPiece;
      if (at >= size) continue;
      std::memcpy(durable.data() + at, before.data() + at, std::min(kPiece, size - at));
    }
  }

  void fail_sync() {
    for (std::size_t at = 0; at < size; at += kPiece) {
      const std::size_t length = std::min(kPiece, size - at);
      const bool kept = at + length <= durable.size() &&
                        std::memcmp(durable.data() + at, data.get() + at, length) == 0;
      if (!kept) given_up.insert(at / kPiece);
    }
  }
};

struct MemoryDisk::Node : MemoryNode {};

}  // namespace sluice::store::testing
