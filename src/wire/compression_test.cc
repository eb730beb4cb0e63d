#include "wire/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>
#include <lz4frame.h>
#include <zstd.h>

#include "wire/record/record.h"

namespace sluice::wire {
namespace {

using record::kCompressed;
using ::testing::HasSubstr;

constexpr std::size_t kLimit = 1 << 20;
constexpr std::int32_t kLz4 = kCompressed | 0x100, kZstd = kCompressed | 0x200;

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * i);
  return text.substr(0, size);
}

std::string zlib(std::string_view plain) {
  std::string out(plain.size() + 1000, '\0');
  libdeflate_compressor* const deflater = libdeflate_alloc_compressor(5);
  out.resize(
      libdeflate_zlib_compress(deflater, plain.data(), plain.size(), out.data(), out.size()));
  libdeflate_free_compressor(deflater);
  return out;
}
std::string lz4(std::string_view plain) {
  std::string out(LZ4F_compressFrameBound(plain.size(), nullptr), '\0');
  out.resize(LZ4F_compressFrame(out.data(), out.size(), plain.data(), plain.size(), nullptr));
  return out;
}
std::string zstd(std::string_view plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
  return out;
}

struct Way {
  std::int32_t sys_flag;
  std::string (*pack)(std::string_view plain);
};
const Way kWays[] = {{kCompressed, zlib}, {kCompressed | 0x300, zlib}, {kLz4, lz4}, {kZstd, zstd}};

TEST(Decompress, GivesBackWhatWasPackedInEachWay) {
  for (const Way& way : kWays) {
    for (const std::size_t size : {1uz, 5000uz, 64uz << 10, kLimit}) {
      const std::string plain = text_of(size);
      const auto unpacked = decompress(way.sys_flag, as_bytes(way.pack(plain)), kLimit);
      ASSERT_TRUE(unpacked) << way.sys_flag << ' ' << unpacked.error().remark();
      EXPECT_TRUE(as_text(unpacked->bytes()) == plain) << way.sys_flag << ' ' << size;
    }
  }
}

TEST(Decompress, EndsAtTheLimitWhateverTheInputGrowsTo) {
  for (const Way& way : kWays) {
    const std::string packed = way.pack(std::string(10 * kLimit, 'x'));
    EXPECT_LT(packed.size(), kLimit / 10);
    const auto unpacked = decompress(way.sys_flag, as_bytes(packed), kLimit);
    ASSERT_FALSE(unpacked) << way.sys_flag;
    EXPECT_EQ(unpacked.error().code(), Errc::malformed);
  }
}

TEST(Decompress, RefusesWhatIsCutLongerOrNoFrame) {
  for (const Way& way : kWays) {
    const std::string packed = way.pack(text_of(3000));
    for (std::size_t size = 0; size < packed.size(); size += 7) {
      EXPECT_FALSE(decompress(way.sys_flag, as_bytes(packed.substr(0, size)), kLimit)) << size;
    }
    EXPECT_FALSE(decompress(way.sys_flag, as_bytes("these bytes are none"), kLimit));
  }
  EXPECT_FALSE(decompress(kLz4, as_bytes(lz4("one") + lz4("two")), kLimit));
  EXPECT_FALSE(decompress(kZstd, as_bytes(zstd("one") + "x"), kLimit));
}

TEST(Decompress, NamesATypeThatIsNotKnown) {
  const auto unpacked = decompress(kCompressed | 0x500, as_bytes("x"), kLimit);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().code(), Errc::unsupported);
  EXPECT_THAT(std::string(unpacked.error().remark()), HasSubstr("type 5"));
}

}  // namespace
}  // namespace sluice::wire
