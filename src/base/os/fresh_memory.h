#pragma once

#include <cstddef>

/// Memory straight from the system, in pieces that a huge page holds.
namespace sluice {

/// So many zeros. Its pages come when they are first touched, or all at once with provide().
class FreshMemory {
 public:
  static constexpr std::size_t kBytes = 2 << 20;

  /// Throws std::bad_alloc when the system has none.
  FreshMemory();
  FreshMemory(FreshMemory&& other) noexcept;
  FreshMemory& operator=(FreshMemory&& other) noexcept;
  ~FreshMemory();

  std::byte* data() const { return data_; }
  /// The system gives all of it now, as a huge page where it has one to give and may: who touches
  /// it later does not wait for that. A hint.
  void provide();

 private:
  std::byte* data_ = nullptr;
};

}  // namespace sluice
