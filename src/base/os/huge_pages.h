#pragma once

#include <cstdint>

/// Huge pages for what a process has on its heap. With very many small things there, the processor
/// can spend longer on where in memory a thing lies than on the thing itself: its table of that has
/// room for some thousand pages.
namespace sluice {

/// Memory of this process that is no file's, in bytes; 0 where the system does not say.
std::int64_t own_memory();

/// Asks the kernel to move the heap into huge pages now, where at least three quarters of one are
/// in use, so that it grows by a third at most. Who touches what is being moved waits for it, about
/// a millisecond. Gives the bytes that lie in huge pages then; 0 where the kernel has none to give
/// (Linux before 6.1), or is not to give any (transparent_hugepage/enabled says never). Not by two
/// threads at a time.
std::int64_t move_heap_to_huge_pages();

/// Does that for a heap that is large, and again when it has grown. One thread.
class HugeHeap {
 public:
  /// Called from time to time.
  void upkeep();

 private:
  std::int64_t moved_at_ = 0;  ///< own_memory() after the last time
};

}  // namespace sluice
