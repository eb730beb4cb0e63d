#pragma once

#include <cstddef>
#include <utility>
#include <vector>

/// A queue that allocates only while it grows.
namespace sluice::doors {

/// First in, first out. An element that has left is used again by a later one, with the memory that
/// it holds; its clear() lets go of everything else. What a rush has made it grow to beyond kKept
/// elements is given back when it is empty.
template <class T>
class RecycledQueue {
 public:
  static constexpr std::size_t kKept = 4096;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  T& front() { return ring_[first_]; }
  const T& front() const { return ring_[first_]; }

  /// The new last element, cleared. Valid until the next push().
  T& push() {
    if (size_ == ring_.size()) grow();
    return ring_[(first_ + size_++) % ring_.size()];
  }
  void pop() {
    ring_[first_].clear();
    first_ = (first_ + 1) % ring_.size();
    if (--size_ == 0 && ring_.size() > kKept) ring_ = {};
    if (size_ == 0) first_ = 0;
  }
  void clear() {
    while (!empty()) pop();
  }

 private:
  void grow() {
    std::vector<T> larger(ring_.empty() ? 16 : 2 * ring_.size());
    for (std::size_t i = 0; i < size_; ++i) {
      larger[i] = std::move(ring_[(first_ + i) % ring_.size()]);
    }
    ring_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> ring_;
  std::size_t first_ = 0, size_ = 0;
};

}  // namespace sluice::doors
