#include "base/os/huge_pages.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/numbers.h"

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

constexpr std::size_t kPagesMax = 8192;  // of the usual size in a huge one, anywhere

/// Lines of a small file of the system. Allocates nothing, for that would change what is looked at.
class Lines {
 public:
  explicit Lines(const char* path) : fd_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() {
    if (fd_ >= 0) ::close(fd_);
  }
  /// nullptr at the end. One that is longer than the buffer comes in parts.
  const char* next() {
    if (begin_ == end_ || find_end() == end_) fill();
    if (begin_ == end_) return nullptr;
    char* const line_end = find_end();
    const char* const line = std::exchange(begin_, std::min(line_end + 1, end_));
    *line_end = '\0';
    return line;
  }

 private:
  char* find_end() const { return std::find(begin_, end_, '\n'); }
  void fill() {
    end_ = std::copy(begin_, end_, buffer_.data());
    begin_ = buffer_.data();
    while (find_end() == end_ && end_ != buffer_.data() + kBytes) {
      const auto room = static_cast<std::size_t>(buffer_.data() + kBytes - end_);
      const ssize_t got = ::read(fd_, end_, room);
      if (got <= 0) return;
      end_ += got;
    }
  }

  static constexpr std::size_t kBytes = 4096;
  int fd_;
  std::array<char, kBytes + 1> buffer_;  // room for the zero behind the last line
  char* begin_ = buffer_.data();
  char* end_ = buffer_.data();
};

struct Mapping {
  std::uint64_t begin = 0, end = 0;
};

/// A line of /proc/self/maps, where it is of private memory without a file, which may be written.
/// Stacks of threads look the same, but they are all but empty.
std::optional<Mapping> heap_mapping(const char* line) {
  Mapping mapping;
  std::array<char, 5> mode{};
  std::array<char, 8> name{};
  std::uint64_t inode = 0;
  const int fields = std::sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64 " %7s",
                                 &mapping.begin, &mapping.end, mode.data(), &inode, name.data());
  if (fields < 4 || std::string_view(mode.data()) != "rw-p" || inode != 0) return std::nullopt;
  const std::string_view called = name.data();
  const bool heap = called.empty() || called == "[heap]" || called.starts_with("[anon");
  if (!heap || mapping.end - mapping.begin > kMappingMax) return std::nullopt;
  return mapping;
}

/// Nothing where there are none, or where nobody is to have any.
std::optional<std::uint64_t> huge_page_bytes() {
  Lines allowed("/sys/kernel/mm/transparent_hugepage/enabled");
  const char* const words = allowed.next();
  if (words == nullptr || std::string_view(words).contains("[never]")) return std::nullopt;
  Lines size("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
  const char* const digits = size.next();
  const auto bytes = parse_number<std::uint64_t>(digits == nullptr ? "" : digits);
  return bytes && *bytes > 0 ? bytes : std::nullopt;
}

bool move(std::uint64_t at, std::uint64_t bytes) {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::array<unsigned char, kPagesMax> buffer;
  if (bytes / page > buffer.size()) return false;
  const auto pages = std::span(buffer).first(bytes / page);
  auto* const address = reinterpret_cast<void*>(at);
  if (::mincore(address, bytes, pages.data()) != 0) return false;
  const auto used = std::ranges::count_if(pages, [](unsigned char one) { return one & 1U; });
  const bool mostly = std::cmp_greater_equal(used * 4, pages.size() * 3);
  return mostly && ::madvise(address, bytes, kCollapse) == 0;
}

}  // namespace

std::int64_t own_memory() {
  std::int64_t all = 0, resident = 0, shared = 0;
  Lines file("/proc/self/statm");
  const char* const line = file.next();
  const bool said = line != nullptr && std::sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNd64, &all,
                                                   &resident, &shared) == 3;
  return said ? (resident - shared) * ::sysconf(_SC_PAGESIZE) : 0;
}

std::int64_t move_heap_to_huge_pages() {
  const auto huge = huge_page_bytes();
  if (!huge) return 0;
  std::uint64_t moved = 0;
  Lines maps("/proc/self/maps");
  while (const char* const line = maps.next()) {
    const auto mapping = heap_mapping(line);
    if (!mapping) continue;
    auto at = (mapping->begin + *huge - 1) / *huge * *huge;
    for (; at + *huge <= mapping->end; at += *huge) {
      if (move(at, *huge)) moved += *huge;
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
