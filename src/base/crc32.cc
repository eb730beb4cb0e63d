#include "base/crc32.h"

#include <libdeflate.h>

namespace sluice {

std::uint32_t crc32(Bytes bytes, std::uint32_t crc) {
  return libdeflate_crc32(crc, bytes.data(), bytes.size());
}

}  // namespace sluice
