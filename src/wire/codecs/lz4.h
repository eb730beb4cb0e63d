#pragma once

// Inside wire only.

#include "base/buffer.h"
#include "base/result.h"

/// LZ4 frames. A build without the library (SLUICE_LZ4=OFF) has missing/lz4.cc instead.
namespace sluice::wire {

/// Errors: malformed, also when it would be more than `limit`; unsupported, without the library.
Result<Buffer> unpack_lz4(Bytes body, std::size_t limit);

/// Empty without the library.
Buffer pack_lz4(Bytes plain);

}  // namespace sluice::wire
