#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace sluice::store {

/// Anonymous memory whose end continues at its start: any run of up to size() bytes is contiguous,
/// wherever it starts. Says nothing about who may touch what.
class Ring {
 public:
  /// `bytes` is rounded up to a power of two and whole pages. Throws std::bad_alloc when there is
  /// none.
  explicit Ring(std::int64_t bytes);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  std::int64_t size() const { return size_; }
  /// The byte with number `cursor`; numbers grow for ever.
  std::byte* at(std::int64_t cursor) { return memory_ + (cursor & (size_ - 1)); }

 private:
  std::int64_t size_;
  std::byte* memory_;
};

}  // namespace sluice::store
