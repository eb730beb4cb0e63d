#include "wire/json/cursor.h"

#include <algorithm>

namespace sluice::wire::json {
namespace {

/// The value of a hexadecimal digit, or 16.
std::uint32_t hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? static_cast<std::uint32_t>(lower - 'a' + 10) : 16;
}

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
  char* const start = at_;
  bool wrong = false;
  for (; at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !is_blank(*at_); ++at_) {
    wrong = wrong || *at_ == '{' || *at_ == '[' || *at_ == '"' || *at_ == ':';
  }
  const std::string_view text(start, static_cast<std::size_t>(at_ - start));
  const bool nothing = wrong || text.empty();
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
  value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t digit = hex_value(*at_++);
    if (digit > 15) return false;
    value = value << 4 | digit;
  }
  return true;
}

}  // namespace sluice::wire::json
