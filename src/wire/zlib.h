#pragma once

#include <cstddef>

#include "base/buffer.h"
#include "base/result.h"

namespace sluice::wire {

/// The plain bytes of a zlib stream. Errors: malformed, also when they would be more than `limit`.
Result<Buffer> inflate(Bytes stream, std::size_t limit);

/// A zlib stream of the bytes, at the level RocketMQ's clients use (5).
Buffer deflate(Bytes plain);

}  // namespace sluice::wire
