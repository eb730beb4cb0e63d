#include "wire/remoting/bodies/batch_ack.h"

#include <optional>

#include "wire/json/reader.h"

namespace sluice::wire::remoting {
namespace {

constexpr std::size_t kBitsMax = 1'024;

/// The six bits of a base64 letter.
std::optional<std::uint32_t> letter_bits(char letter) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t found = kLetters.find(letter);
  if (found == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(found);
}

/// The numbers of the bits that are set; nothing when the text is no base64.
std::optional<std::vector<std::size_t>> set_bits(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::vector<std::size_t> bits;
  std::uint32_t window = 0;
  int held = 0;
  std::size_t byte = 0;
  for (const char letter : text) {
    const auto six = letter_bits(letter);
    if (!six) return std::nullopt;
    window = (window << 6 | *six) & 0xFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      if (window >> held >> bit & 1) bits.push_back(byte * 8 + bit);
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
