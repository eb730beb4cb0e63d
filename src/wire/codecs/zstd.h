#pragma once

// Inside wire only.

#include "base/buffer.h"
#include "base/result.h"

/// zstd frames. A build without the library (SLUICE_ZSTD=OFF) has missing/zstd.cc instead.
namespace sluice::wire {

/// Errors: malformed, also when it would be more than `limit`; unsupported, without the library.
Result<Buffer> unpack_zstd(Bytes body, std::size_t limit);

/// Empty without the library.
Buffer pack_zstd(Bytes plain);

}  // namespace sluice::wire
