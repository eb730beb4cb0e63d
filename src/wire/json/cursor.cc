#include "wire/json/cursor.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::wire::json {
namespace {

/// What each byte means where a number or word stands.
enum class InWord : std::uint8_t { yes, wrong, ends };
constexpr auto kInWord = [] {
  std::array<InWord, 256> table{};
  for (const char c : std::string_view("{[\":"))
    table[static_cast<unsigned char>(c)] = InWord::wrong;
  for (const char c : std::string_view(",}] \t\n\r")) {
    table[static_cast<unsigned char>(c)] = InWord::ends;
  }
  return table;
}();
InWord in_word(char c) { return kInWord[static_cast<unsigned char>(c)]; }

constexpr std::uint8_t kNoDigit = 16;
constexpr auto kHexValues = [] {
  constexpr std::string_view kLower = "0123456789abcdef", kUpper = "0123456789ABCDEF";
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 16; ++i) {
    values[static_cast<unsigned char>(kLower[i])] = values[static_cast<unsigned char>(kUpper[i])] =
        i;
  }
  return values;
}();

/// Appends a code point as UTF-8 at `to`, which has room: an escape is never shorter.
char* put_utf8(char* to, std::uint32_t c) {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
  return to;
}

}  // namespace

std::string_view Cursor::word() {
  const char* at = at_;
  InWord seen = InWord::yes;
  for (; at != end_ && in_word(*at) != InWord::ends; ++at) seen = std::max(seen, in_word(*at));
  const std::string_view text = view(at_, at);
  at_ += text.size();
  const bool nothing = seen == InWord::wrong || text.empty();
  if (nothing) fail();
  return nothing || text == "null" ? std::string_view{} : text;
}

std::string_view Cursor::bare_key() {
  char* const start = at_;
  while (at_ != end_ && *at_ != ':' && !is_blank(*at_)) ++at_;
  return {start, static_cast<std::size_t>(at_ - start)};
}

void Cursor::skip(int depth) {
  const char open = peek();
  if (open != '{' && open != '[') return void(scalar());
  if (depth == kDepthMax) return void(fail());
  const char shut = open == '{' ? '}' : ']';
  ++at_;
  if (accept(shut)) return;
  do {
    if (open == '{') static_cast<void>(key()), expect(':');
    skip(depth + 1);
  } while (ok_ && accept(','));
  expect(shut);
}

std::string_view Cursor::escaped(char* start) {
  char* to = at_;
  while (at_ != end_ && *at_ == '\\') {
    if (!unescape(to)) return fail(), std::string_view{};
    char* const stop = plain_end(at_);
    to = std::copy(at_, stop, to);
    at_ = stop;
  }
  return close(start, to);
}

bool Cursor::unescape(char*& to) {
  if (++at_ == end_) return false;
  static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
  const char c = *at_++;
  if (c == 'u') return unescape_unicode(to);
  const std::size_t i = kFrom.find(c);
  if (i == kFrom.npos) return false;
  *to++ = kTo[i];
  return true;
}

bool Cursor::unescape_unicode(char*& to) {
  std::uint32_t c = 0;
  if (!hex4(c)) return false;
  const bool pair = c >= 0xD800 && c < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u';
  if (pair) {
    at_ += 2;
    std::uint32_t low = 0;
    if (!hex4(low)) return false;
    c = 0x10000 + ((c - 0xD800) << 10) + ((low - 0xDC00) & 0x3FF);
  }
  to = put_utf8(to, c);
  return true;
}

bool Cursor::hex4(std::uint32_t& value) {
  if (end_ - at_ < 4) return false;
  std::uint32_t all = 0;
  value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t digit = kHexValues[static_cast<unsigned char>(*at_++)];
    all |= digit;
    value = value << 4 | digit;
  }
  return all < kNoDigit;
}

}  // namespace sluice::wire::json
