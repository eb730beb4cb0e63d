#include "wire/codecs/zstd.h"

#include <memory>

#include <zstd.h>

#include "wire/codecs/unpack.h"

namespace sluice::wire {
namespace {

/// What a zstd frame may ask the decoder to remember; the streaming default.
constexpr int kZstdWindowLog = 27;
constexpr int kZstdLevel = 5;  // RocketMQ's clients' default

}  // namespace

Result<Buffer> unpack_zstd(Bytes body, std::size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLog);
  const auto decode = [&context](Bytes from, MutableBytes to) {
    ZSTD_inBuffer in{from.data(), from.size(), 0};
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
    const bool broken = ZSTD_isError(left) != 0;
    return Step{.taken = in.pos, .given = out.pos, .over = left == 0, .broken = broken};
  };
  return unpack(decode, body, limit, "zstd");
}

Buffer pack_zstd(Bytes plain) {
  Buffer packed;
  const std::size_t room = ZSTD_compressBound(plain.size());
  packed.commit(ZSTD_compress(packed.reserve(room), room, plain.data(), plain.size(), kZstdLevel));
  return packed;
}

}  // namespace sluice::wire
