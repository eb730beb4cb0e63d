#include "wire/codecs/lz4.h"

#include <memory>

#include <lz4frame.h>

#include "wire/codecs/unpack.h"

namespace sluice::wire {

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

Buffer pack_lz4(Bytes plain) {
  Buffer packed;
  const std::size_t room = LZ4F_compressFrameBound(plain.size(), nullptr);
  packed.commit(
      LZ4F_compressFrame(packed.reserve(room), room, plain.data(), plain.size(), nullptr));
  return packed;
}

}  // namespace sluice::wire
