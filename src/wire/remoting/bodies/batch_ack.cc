#include "wire/remoting/bodies/batch_ack.h"

#include <array>
#include <bit>

#include "base/numbers.h"
#include "wire/json/cursor.h"

namespace sluice::wire::remoting {
namespace {

constexpr std::size_t kBitsMax = 1'024;
constexpr std::int64_t kOffsetMax = std::int64_t{1} << 62;

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

/// `start` plus the number of each bit that is set. False: the text is no base64.
bool add_set_bits(std::string_view text, std::int64_t start, std::vector<QueueOffset>& offsets) {
  while (text.ends_with('=')) text.remove_suffix(1);
  offsets.reserve(text.size() * 6);
  std::uint32_t window = 0;
  int held = 0;
  for (const char letter : text) {
    const std::uint8_t six = kLetterBits[static_cast<unsigned char>(letter)];
    if (six == kNoLetter) return false;
    window = (window << 6 | six) & 0xFFFF;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    for (std::uint32_t left = window >> held & 0xFF; left != 0; left &= left - 1) {
      offsets.emplace_back(start + std::countr_zero(left));
    }
    start += 8;
  }
  return true;
}

std::int64_t number(std::string_view text) { return parse_number<std::int64_t>(text).value_or(0); }

Result<BatchAck> read_ack(json::Cursor& in) {
  BatchAck ack;
  std::int64_t start = 0;
  std::string_view bits;
  in.members([&](std::string_view key) {
    if (key == "c") {
      ack.group = in.scalar();
    } else if (key == "t") {
      ack.topic = in.scalar();
    } else if (key == "q") {
      ack.queue = QueueId(static_cast<std::int32_t>(number(in.scalar())));
    } else if (key == "pt") {
      ack.popped = from_unix_ms(number(in.scalar()));
    } else if (key == "so") {
      start = number(in.scalar());
    } else if (key == "b") {
      bits = in.scalar();
    } else {
      in.skip();
    }
  });
  if (bits.size() > kBitsMax / 6 + 4) {
    return fail(Errc::message_illegal, "one acknowledgement of more than 1024 messages");
  }
  if (start < 0 || start > kOffsetMax) {
    return fail(Errc::malformed, "the first offset of an acknowledgement is no offset");
  }
  if (!add_set_bits(bits, start, ack.offsets)) {
    return fail(Errc::malformed, "the bit set of an acknowledgement is no base64");
  }
  return ack;
}

}  // namespace

Result<std::vector<BatchAck>> decode_batch_ack(Bytes body) {
  std::string text(as_text(body));  // of our own: it is read in place
  json::Cursor in(text.data(), text.data() + text.size());
  std::vector<BatchAck> acks;
  Result<void> done;
  in.members([&](std::string_view key) {
    if (key != "acks") return in.skip();
    in.elements([&] {
      auto ack = read_ack(in);
      if (ack) return acks.push_back(*std::move(ack));
      done = std::unexpected(std::move(ack.error()));
      in.fail();
    });
  });
  SLUICE_CHECK(std::move(done));
  if (!in.at_end()) in.fail();
  if (!in.ok()) return fail(Errc::malformed, "the acknowledgements are not JSON");
  return acks;
}

}  // namespace sluice::wire::remoting
