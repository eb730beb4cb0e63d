#pragma once

#include <cstdint>
#include <string_view>

/// MurmurHash3 for x86, 32 bits: the hash by which Pulsar places keys and consumers on its ring.
namespace sluice {

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace sluice
