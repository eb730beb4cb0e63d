#include "base/os/huge_pages.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace sluice {
namespace {

#ifdef MADV_COLLAPSE
constexpr int kCollapse = MADV_COLLAPSE;
#else
constexpr int kCollapse = 25;  // in Linux from 6.1 on; C libraries of that time do not name it
#endif

constexpr std::int64_t kLargeHeap = 32 << 20;  // a smaller one costs little in any pages
constexpr std::int64_t kGrownBy = 8;           // by the eighth part
// Larger mappings are no heaps: sanitizers reserve such.
constexpr std::uint64_t kMappingMax = 64ULL << 30;

struct Mapping {
  std::uint64_t begin = 0, end = 0;
};

/// A line of /proc/self/maps, where it is of private memory without a file, which may be written.
/// Stacks of threads look the same, but they are all but empty.
std::optional<Mapping> heap_mapping(const std::string& line) {
  Mapping mapping;
  std::array<char, 5> mode{};
  std::array<char, 8> name{};
  std::uint64_t inode = 0;
  const int fields =
      std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64 " %7s",
                  &mapping.begin, &mapping.end, mode.data(), &inode, name.data());
  if (fields < 4 || std::string_view(mode.data()) != "rw-p" || inode != 0) return std::nullopt;
  const std::string_view called = name.data();
  const bool heap = called.empty() || called == "[heap]" || called.starts_with("[anon");
  if (!heap || mapping.end - mapping.begin > kMappingMax) return std::nullopt;
  return mapping;
}

std::vector<Mapping> heap_mappings() {
  std::vector<Mapping> mappings;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (const auto mapping = heap_mapping(line)) mappings.push_back(*mapping);
  }
  return mappings;
}

/// Nothing where there are none, or where nobody is to have any.
std::optional<std::uint64_t> huge_page_bytes() {
  std::string allowed;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), allowed);
  std::uint64_t bytes = 0;
  std::ifstream("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size") >> bytes;
  if (bytes == 0 || allowed.contains("[never]")) return std::nullopt;
  return bytes;
}

bool move(std::uint64_t at, std::uint64_t bytes, std::vector<unsigned char>& pages) {
  auto* const address = reinterpret_cast<void*>(at);
  if (::mincore(address, bytes, pages.data()) != 0) return false;
  const auto used = std::ranges::count_if(pages, [](unsigned char page) { return page & 1U; });
  const bool mostly = std::cmp_greater_equal(used * 4, pages.size() * 3);
  return mostly && ::madvise(address, bytes, kCollapse) == 0;
}

}  // namespace

std::int64_t own_memory() {
  std::ifstream file("/proc/self/statm");
  std::int64_t all = 0, resident = 0, shared = 0;
  file >> all >> resident >> shared;
  return file ? (resident - shared) * ::sysconf(_SC_PAGESIZE) : 0;
}

std::int64_t move_heap_to_huge_pages() {
  const auto huge = huge_page_bytes();
  if (!huge) return 0;
  std::vector<unsigned char> pages(*huge / static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  std::uint64_t moved = 0;
  for (const Mapping& mapping : heap_mappings()) {
    for (auto at = (mapping.begin + *huge - 1) / *huge * *huge; at + *huge <= mapping.end;
         at += *huge) {
      if (move(at, *huge, pages)) moved += *huge;
    }
  }
  return static_cast<std::int64_t>(moved);
}

void HugeHeap::upkeep() {
  if (own_memory() < std::max(kLargeHeap, moved_at_ + moved_at_ / kGrownBy)) return;
  move_heap_to_huge_pages();
  moved_at_ = own_memory();
}

}  // namespace sluice
