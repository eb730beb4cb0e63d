#pragma once

namespace sluice {

/// Prints the failed expression with its place and ends the process.
[[noreturn]] void assert_failed(const char* expression, const char* file, int line);

}  // namespace sluice

/// For what only a bug of this program can cause; on in every build.
#define SLUICE_ASSERT(expr) \
  (__builtin_expect(!!(expr), 1) ? void() : ::sluice::assert_failed(#expr, __FILE__, __LINE__))
