#include "store/ring.h"

#include <algorithm>
#include <bit>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace sluice::store {
namespace {

std::int64_t rounded(std::int64_t bytes) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return static_cast<std::int64_t>(
      std::max(std::bit_ceil(static_cast<std::uint64_t>(bytes)), page));
}

/// The same memory twice, one after the other.
std::byte* map_twice(std::size_t size) {
  const int fd = ::memfd_create("sluice-log-tail", MFD_CLOEXEC);
  if (fd < 0) throw std::bad_alloc();
  void* both = MAP_FAILED;
  if (::ftruncate(fd, static_cast<off_t>(size)) == 0) {
    both = ::mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  auto* first = static_cast<std::byte*>(both);
  constexpr int kReadWrite = PROT_READ | PROT_WRITE;
  constexpr int kFlags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
  const bool done = both != MAP_FAILED &&
                    ::mmap(first, size, kReadWrite, kFlags, fd, 0) != MAP_FAILED &&
                    ::mmap(first + size, size, kReadWrite, kFlags, fd, 0) != MAP_FAILED;
  ::close(fd);
  if (!done) throw std::bad_alloc();
  return first;
}

}  // namespace

Ring::Ring(std::int64_t bytes)
    : size_(rounded(bytes)), memory_(map_twice(static_cast<std::size_t>(size_))) {}

Ring::~Ring() { ::munmap(memory_, 2 * static_cast<std::size_t>(size_)); }

}  // namespace sluice::store
