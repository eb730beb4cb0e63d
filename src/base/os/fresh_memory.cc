#include "base/os/fresh_memory.h"

#include <cstdint>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace sluice {
namespace {

#ifdef MADV_POPULATE_WRITE
constexpr int kPopulate = MADV_POPULATE_WRITE;
#else
constexpr int kPopulate = 23;  // in Linux from 5.14 on; C libraries of that time do not name it
#endif

void unmap(std::byte* from, const std::byte* to) {
  if (from != to) ::munmap(from, static_cast<std::size_t>(to - from));
}

/// A huge page lies at a multiple of its size: so twice as much is asked for, and what is around
/// the piece is given back.
std::byte* map_aligned(std::size_t bytes) {
  void* const got = ::mmap(nullptr, 2 * bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(got);
  const auto over = reinterpret_cast<std::uintptr_t>(begin) % bytes;
  std::byte* const data = over == 0 ? begin : begin + (bytes - over);
  unmap(begin, data);
  unmap(data + bytes, begin + 2 * bytes);
  return data;
}

}  // namespace

FreshMemory::FreshMemory() : data_(map_aligned(kBytes)) {}

FreshMemory::FreshMemory(FreshMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)) {}

FreshMemory& FreshMemory::operator=(FreshMemory&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

FreshMemory::~FreshMemory() {
  if (data_ != nullptr) ::munmap(data_, kBytes);
}

void FreshMemory::provide() {
  (void)::madvise(data_, kBytes, MADV_HUGEPAGE);
  (void)::madvise(data_, kBytes, kPopulate);
}

}  // namespace sluice
