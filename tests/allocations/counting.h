#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// Counts what each thread of this program allocates: this takes the place of malloc, through which
/// operator new and everything else goes. For the programs of this folder alone.
namespace sluice::allocations {

/// How often the calling thread has allocated so far.
std::int64_t of_this_thread();

/// From now on notes who allocates on the calling thread, which is slow.
void note_this_thread();
/// What was noted since the last call, the most frequent first, each with a command that names the
/// source lines.
std::string noted();

}  // namespace sluice::allocations
