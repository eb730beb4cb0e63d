#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sluice {

/// CRC-32 with zlib's polynomial. `crc` continues an earlier run.
std::uint32_t crc32(Bytes bytes, std::uint32_t crc = 0);

}  // namespace sluice
