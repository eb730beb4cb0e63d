#pragma once

#include <array>
#include <cstdint>
#include <string_view>

/// MurmurHash3. For x86, 32 bits: the hash by which Pulsar places keys and consumers on its ring.
/// For x64, 128 bits: tells contents apart; no protection against who makes collisions on purpose.
namespace sluice {

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed = 0);

std::array<std::uint64_t, 2> murmur3_128(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace sluice
