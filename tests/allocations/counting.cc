#include "counting.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <span>

#include <dlfcn.h>
#include <execinfo.h>
#include <fmt/format.h>

// glibc's own names for what is replaced below.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace sluice::allocations {
namespace {

constexpr int kFrames = 24, kOwnFrames = 2;  // those of the two functions here
constexpr std::size_t kPlacesMax = 64;

/// One way to come to an allocation.
struct Place {
  std::array<void*, kFrames> frames{};
  int depth = 0;
  std::int64_t count = 0;
};

thread_local std::int64_t count = 0;
thread_local bool noting = false;

std::mutex places_mutex;
std::array<Place, kPlacesMax> places;  // of all threads that note
std::size_t places_used = 0;

void note_place() {
  noting = false;  // what follows may allocate
  Place here;
  here.depth = ::backtrace(here.frames.data(), kFrames);
  {
    const std::lock_guard guard(places_mutex);
    const auto used = std::span(places).first(places_used);
    const auto known = std::ranges::find(used, here.frames, &Place::frames);
    if (known != used.end()) {
      ++known->count;
    } else if (places_used < places.size()) {
      here.count = 1;
      places[places_used++] = here;
    }
  }
  noting = true;
}

void note() {
  ++count;
  if (noting) note_place();
}

}  // namespace

std::int64_t of_this_thread() { return count; }

void note_this_thread() {
  std::array<void*, 1> first;
  ::backtrace(first.data(), 1);  // loads what it needs
  noting = true;
}

std::string noted() {
  const std::lock_guard guard(places_mutex);
  std::ranges::sort(std::span(places).first(places_used), std::greater(), &Place::count);
  std::string text;
  for (const Place& place : std::span(places).first(places_used)) {
    std::string addresses, program;
    for (int i = kOwnFrames; i < place.depth; ++i) {
      Dl_info where{};
      if (::dladdr(place.frames[static_cast<std::size_t>(i)], &where) == 0) continue;
      const auto* const at = static_cast<char*>(place.frames[static_cast<std::size_t>(i)]);
      const std::string file = where.dli_fname;
      if (program.empty() && file.find(".so") == file.npos) program = file;
      if (file != program) continue;
      addresses += fmt::format(" {:#x}", at - static_cast<char*>(where.dli_fbase) - 1);
    }
    text += fmt::format("{} times: addr2line -Cfpie {}{}\n", place.count, program, addresses);
  }
  places_used = 0;
  return text;
}

}  // namespace sluice::allocations

extern "C" {

void* malloc(std::size_t size) {
  sluice::allocations::note();
  return __libc_malloc(size);
}

void* calloc(std::size_t n, std::size_t size) {
  sluice::allocations::note();
  return __libc_calloc(n, size);
}

void* realloc(void* old, std::size_t size) {
  sluice::allocations::note();
  return __libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  sluice::allocations::note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** to, std::size_t alignment, std::size_t size) {
  sluice::allocations::note();
  *to = __libc_memalign(alignment, size);
  return *to == nullptr ? ENOMEM : 0;
}
}
