#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "base/result.h"

/// Message bodies that their producers have compressed: zlib streams, LZ4 frames, zstd frames.
///
/// The broker never looks into bodies; whoever shows them does. Pure and bounded: what is unpacked
/// takes `limit` bytes at most, whatever the input says. Any thread.
namespace sluice::wire {

/// The plain bytes of a body whose message has this sysFlag. Errors: malformed, also when they
/// would be more than `limit`; unsupported: a type that is not known, which the remark names.
Result<Buffer> decompress(std::int32_t sys_flag, Bytes body, std::size_t limit);

/// Bits of sysFlag that name a codec.
enum class Codec : std::int32_t { lz4 = 0x100, zstd = 0x200, zlib = 0x300 };

/// The body as a stream of that codec, which a producer announces with kCompressed and the codec's
/// bits in sysFlag.
Buffer compress(Codec codec, Bytes plain);

}  // namespace sluice::wire
