#include "wire/zlib.h"

#include <algorithm>
#include <memory>

#include <libdeflate.h>

namespace sluice::wire {

Result<Buffer> inflate(Bytes stream, std::size_t limit) {
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  for (std::size_t room = std::max<std::size_t>(stream.size() * 8, 4096);; room *= 4) {
    room = std::min(room, limit);
    Buffer plain;
    std::size_t size = 0;
    const auto result = libdeflate_zlib_decompress(inflater.get(), stream.data(), stream.size(),
                                                   plain.reserve(room), room, &size);
    if (result == LIBDEFLATE_SUCCESS) {
      plain.commit(size);
      return plain;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE || room == limit) {
      return fail(Errc::malformed, "not a zlib stream, or too long when unpacked");
    }
  }
}

Buffer deflate(Bytes plain) {
  constexpr int kLevel = 5;
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> deflater(
      libdeflate_alloc_compressor(kLevel), libdeflate_free_compressor);
  Buffer stream;
  const std::size_t room = libdeflate_zlib_compress_bound(deflater.get(), plain.size());
  stream.commit(libdeflate_zlib_compress(deflater.get(), plain.data(), plain.size(),
                                         stream.reserve(room), room));
  return stream;
}

}  // namespace sluice::wire
