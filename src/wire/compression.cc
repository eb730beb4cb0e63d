#include "wire/compression.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wire/codecs/lz4.h"
#include "wire/codecs/zstd.h"
#include "wire/record/record.h"
#include "wire/zlib.h"

namespace sluice::wire {
namespace {

struct TypeRow {
  std::int32_t bits;
  Result<Buffer> (*unpack)(Bytes body, std::size_t limit);
  Buffer (*pack)(Bytes plain);
};
/// Source: apache/rocketmq common/compression/CompressionType.java. Clients before 5.0 know zlib
/// alone and set no bits.
constexpr TypeRow kTypes[] = {{0x000, inflate, deflate},
                              {0x100, unpack_lz4, pack_lz4},
                              {0x200, unpack_zstd, pack_zstd},
                              {0x300, inflate, deflate}};

}  // namespace

Result<Buffer> decompress(std::int32_t sys_flag, Bytes body, std::size_t limit) {
  const std::int32_t bits = sys_flag & record::kCompressionTypeMask;
  const auto* row = std::ranges::find(kTypes, bits, &TypeRow::bits);
  if (row != std::end(kTypes)) return row->unpack(body, limit);
  return fail(Errc::unsupported,
              fmt::format("compression type {} of sysFlag {}; 0 and 3 zlib, 1 LZ4 and 2 zstd are "
                          "known",
                          bits >> 8, sys_flag));
}

Buffer compress(Codec codec, Bytes plain) {
  return std::ranges::find(kTypes, std::to_underlying(codec), &TypeRow::bits)->pack(plain);
}

}  // namespace sluice::wire
