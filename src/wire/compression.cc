#include "wire/compression.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <lz4frame.h>
#include <zstd.h>

#include "wire/record/record.h"
#include "wire/zlib.h"

namespace sluice::wire {
namespace {

constexpr std::size_t kStep = 64 << 10;
/// What a zstd frame may ask the decoder to remember; the streaming default.
constexpr int kZstdWindowLog = 27;

/// One step of a decoder: how much it took and gave; or that the frame is over, or broken.
struct Step {
  std::size_t taken = 0, given = 0;
  bool over = false, broken = false;
};

/// Runs a decoder until its frame is over. It must use up the whole input.
template <class Decoder>
Result<Buffer> unpack(Decoder decode, Bytes from, std::size_t limit, const char* what) {
  Buffer plain;
  for (;;) {
    const std::size_t room = std::min(kStep, limit + 1 - plain.size());
    const Step step = decode(from, MutableBytes(plain.reserve(room), room));
    plain.commit(step.given);
    from = from.subspan(step.taken);
    const bool stuck = step.taken == 0 && step.given == 0 && !step.over;
    if (step.broken || stuck || (step.over && !from.empty())) {
      return fail(Errc::malformed, fmt::format("not one whole {} frame", what));
    }
    if (plain.size() > limit) {
      return fail(Errc::malformed,
                  fmt::format("a body with more than {} bytes when unpacked", limit));
    }
    if (step.over) return plain;
  }
}

Result<Buffer> unpack_lz4(Bytes body, std::size_t limit) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0) {
    return fail(Errc::internal, "no memory for an LZ4 decoder");
  }
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
      made, LZ4F_freeDecompressionContext);
  const auto decode = [&context](Bytes from, MutableBytes to) {
    Step step{.taken = from.size(), .given = to.size()};
    const std::size_t left =
        LZ4F_decompress(context.get(), to.data(), &step.given, from.data(), &step.taken, nullptr);
    step.broken = LZ4F_isError(left) != 0;
    step.over = left == 0;
    return step;
  };
  return unpack(decode, body, limit, "LZ4");
}

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

struct TypeRow {
  std::int32_t bits;
  Result<Buffer> (*unpack)(Bytes body, std::size_t limit);
};
/// Source: apache/rocketmq common/compression/CompressionType.java. Clients before 5.0 know zlib
/// alone and set no bits.
constexpr TypeRow kTypes[] = {
    {0x000, inflate}, {0x100, unpack_lz4}, {0x200, unpack_zstd}, {0x300, inflate}};

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

}  // namespace sluice::wire
