#include "base/os/huge_pages.h"

#include <cstdio>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>

namespace sluice {
namespace {

constexpr std::size_t kMiB = 1 << 20;

/// As the kernel counts it for the mapping that holds an address: KiB.
std::int64_t kibibytes_of(const void* address, const std::string& what) {
  std::ifstream file("/proc/self/smaps");
  const auto at = reinterpret_cast<std::uint64_t>(address);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) inside = begin <= at && at < end;
    long kib = 0;
    if (inside && line.starts_with(what + ':') &&
        std::sscanf(line.c_str() + what.size() + 1, "%ld", &kib) == 1) {
      return kib;
    }
  }
  return 0;
}

/// Private memory in pages of the usual size.
class Memory {
 public:
  explicit Memory(std::size_t bytes)
      : bytes_(bytes),
        at_(static_cast<char*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {
    ::madvise(at_, bytes, MADV_NOHUGEPAGE);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::munmap(at_, bytes_); }
  void touch(std::size_t every) {
    for (std::size_t i = 0; i < bytes_; i += every) at_[i] = 'x';
    ::madvise(at_, bytes_, MADV_HUGEPAGE);  // takes the word back; what is there stays as it is
  }
  const char* at() const { return at_; }

 private:
  std::size_t bytes_;
  char* at_;
};

/// Asked of the kernel directly.
bool has_huge_pages() {
  std::string allowed;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), allowed);
  if (allowed.contains("[never]")) return false;
  constexpr int kCollapse = 25;  // MADV_COLLAPSE
  Memory full(16 * kMiB);
  full.touch(4096);
  const auto at = (reinterpret_cast<std::uintptr_t>(full.at()) + 2 * kMiB - 1) & ~(2 * kMiB - 1);
  return ::madvise(reinterpret_cast<void*>(at), 12 * kMiB, kCollapse) == 0;
}

TEST(HugePages, HoldWhatIsFull) {
  if (!has_huge_pages()) GTEST_SKIP() << "this system has no huge pages to give";
  Memory full(16 * kMiB);
  full.touch(4096);
  EXPECT_GE(move_heap_to_huge_pages(), static_cast<std::int64_t>(12 * kMiB));
  EXPECT_GE(kibibytes_of(full.at(), "AnonHugePages"), 12 * 1024);
  EXPECT_EQ(full.at()[4096], 'x');
}

TEST(HugePages, AreNotFilledUpForWhatIsAllButEmpty) {
  Memory empty(16 * kMiB);
  empty.touch(8 * 4096);
  const auto before = kibibytes_of(empty.at(), "Rss");
  move_heap_to_huge_pages();
  EXPECT_EQ(kibibytes_of(empty.at(), "Rss"), before);
}

TEST(HugePages, OwnMemoryGrowsWithWhatIsUsed) {
  const auto before = own_memory();
  if (before == 0) GTEST_SKIP() << "this system does not say";
  Memory used(32 * kMiB);
  used.touch(4096);
  EXPECT_GE(own_memory(), before + static_cast<std::int64_t>(24 * kMiB));
}

}  // namespace
}  // namespace sluice
