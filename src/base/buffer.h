#pragma once

#include <bit>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace sluice {

/// Bytes that grow at the end, without being zeroed first. Growing moves them: keep offsets, not
/// pointers.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  /// Room for n bytes after the end; follow with commit(n) or less.
  std::byte* reserve(std::size_t n) {
    if (size_ + n > capacity_) grow(size_ + n);
    return data_.get() + size_;
  }
  void commit(std::size_t n) { size_ += n; }

  void append(Bytes bytes) {
    if (bytes.empty()) return;
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void append(std::string_view text) { append(as_bytes(text)); }
  void append(char c) { *reserve(1) = static_cast<std::byte>(c), ++size_; }

  std::byte* data() { return data_.get(); }
  const std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  Bytes bytes() const { return {data_.get(), size_}; }
  void clear() { size_ = 0; }
  /// Drops everything past `size`.
  void cut(std::size_t size) { size_ = size; }

 private:
  void grow(std::size_t need) {
    const std::size_t capacity = std::bit_ceil(need < 256 ? std::size_t{256} : need);
    auto fresh = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (size_ > 0) std::memcpy(fresh.get(), data_.get(), size_);
    data_ = std::move(fresh);
    capacity_ = capacity;
  }

  std::unique_ptr<std::byte[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sluice
