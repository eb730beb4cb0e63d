#include "wire/remoting/bodies/batch_ack.h"

#include <array>
#include <bit>
#include <optional>

#include "wire/json/reader.h"

namespace sluice::wire::remoting {
namespace {

constexpr std::size_t kBitsMax = 1'024;

constexpr std::uint8_t kNoLetter = 64;

/// The six bits of each base64 letter.
constexpr auto kLetterBits = [] {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> bits{};
  bits.fill(kNoLetter);
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    bits[static_cast<unsigned char>(kLetters[i])] = static_cast<std::uint8_t>(i);
  }
  return bits;
}();

/// The numbers of the bits that are set; nothing when the text is no base64.
std::optional<std::vector<std::size_t>> set_bits(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::vector<std::size_t> bits;
  bits.reserve(text.size() * 6);
  std::uint32_t window = 0;
  int held = 0;
  std::size_t byte = 0;
  for (const char letter : text) {
    const std::uint8_t six = kLetterBits[static_cast<unsigned char>(letter)];
    if (six == kNoLetter) return std::nullopt;
    window = (window << 6 | six) & 0xFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    for (std::uint32_t left = window >> held & 0xFF; left != 0; left &= left - 1) {
      bits.push_back(byte * 8 + static_cast<std::size_t>(std::countr_zero(left)));
    }
    ++byte;
  }
  return bits;
}

Result<BatchAck> read_ack(const json::Value& value) {
  const std::string text = json::text(value, "b");
  if (text.size() > kBitsMax / 6 + 4) {
    return fail(Errc::message_illegal, "one acknowledgement of more than 1024 messages");
  }
  const auto bits = set_bits(text);
  if (!bits) return fail(Errc::malformed, "the bit set of an acknowledgement is no base64");
  BatchAck ack{.group = json::text(value, "c"),
               .topic = json::text(value, "t"),
               .queue = QueueId(static_cast<std::int32_t>(json::integer(value, "q"))),
               .popped = from_unix_ms(json::integer(value, "pt")),
               .offsets = {}};
  ack.offsets.reserve(bits->size());
  const std::int64_t start = json::integer(value, "so");
  for (const std::size_t bit : *bits) {
    ack.offsets.push_back(QueueOffset(start + static_cast<std::int64_t>(bit)));
  }
  return ack;
}

}  // namespace

Result<std::vector<BatchAck>> decode_batch_ack(Bytes body) {
  SLUICE_TRY(const json::Value value, json::parse(as_text(body)));
  std::vector<BatchAck> acks;
  for (const json::Value& one : json::array(value, "acks")) {
    SLUICE_TRY(BatchAck ack, read_ack(one));
    acks.push_back(std::move(ack));
  }
  return acks;
}

}  // namespace sluice::wire::remoting
