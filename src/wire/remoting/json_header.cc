#include <algorithm>
#include <array>

#include "base/numbers.h"
#include "wire/json/text.h"
#include "wire/remoting/header_codec.h"

namespace sluice::wire::remoting {
namespace {

constexpr int kDepthMax = 16;

bool is_blank(char c) { return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r'); }

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

/// Walks a JSON text once. After the first mistake ok() is false and everything taken is empty.
class Cursor {
 public:
  Cursor(char* at, char* end) : at_(at), end_(end) {}
  bool ok() const { return ok_; }

  /// Steps over `c` when it comes next.
  bool accept(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return accept(c) || fail(); }
  char peek() {
    skip_blanks();
    return at_ == end_ ? '\0' : *at_;
  }

  /// A string without its quotes, unescaped.
  std::string_view string() {
    if (!expect('"')) return {};
    char* const start = at_;
    at_ = plain_end(at_);
    if (at_ != end_ && *at_ == '\\') return escaped(start);
    return close(start, at_);
  }

  /// A string, or the text of a number or word; empty for null.
  std::string_view scalar() {
    if (peek() == '"') return string();
    char* const start = at_;
    while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !is_blank(*at_)) ++at_;
    const std::string_view text(start, static_cast<std::size_t>(at_ - start));
    const bool nothing = text.empty() || text.find_first_of("{[\":") != text.npos;
    if (nothing) fail();
    return nothing || text == "null" ? std::string_view{} : text;
  }

  void skip(int depth = 0) {
    const char open = peek();
    if (open != '{' && open != '[') return void(scalar());
    if (depth == kDepthMax) return void(fail());
    const char shut = open == '{' ? '}' : ']';
    ++at_;
    if (accept(shut)) return;
    do {
      if (open == '{') static_cast<void>(scalar_key()), expect(':');
      skip(depth + 1);
    } while (ok_ && accept(','));
    expect(shut);
  }

  std::string_view scalar_key() {
    if (peek() == '"') return string();
    char* const start = at_;
    while (at_ != end_ && *at_ != ':' && !is_blank(*at_)) ++at_;
    return {start, static_cast<std::size_t>(at_ - start)};
  }

  bool fail() {
    at_ = end_;
    return ok_ = false;
  }

 private:
  /// The next quote or backslash, or the end.
  char* plain_end(char* from) const {
    return from + json::quote_or_escape({from, static_cast<std::size_t>(end_ - from)});
  }
  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }
  std::string_view close(char* start, char* text_end) {
    if (at_ == end_) return fail(), std::string_view{};
    ++at_;
    return {start, static_cast<std::size_t>(text_end - start)};
  }
  /// From the first backslash on: moves the text over its escapes.
  std::string_view escaped(char* start) {
    char* to = at_;
    while (at_ != end_ && *at_ == '\\') {
      if (!unescape(to)) return fail(), std::string_view{};
      char* const stop = plain_end(at_);
      to = std::copy(at_, stop, to);
      at_ = stop;
    }
    return close(start, to);
  }
  bool unescape(char*& to) {
    if (++at_ == end_) return false;
    static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    const char c = *at_++;
    if (c == 'u') return unescape_unicode(to);
    const std::size_t i = kFrom.find(c);
    if (i == kFrom.npos) return false;
    *to++ = kTo[i];
    return true;
  }
  bool unescape_unicode(char*& to) {
    std::uint32_t c = 0;
    if (!hex4(c)) return false;
    const bool pair =
        c >= 0xD800 && c < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u';
    if (pair) {
      at_ += 2;
      std::uint32_t low = 0;
      if (!hex4(low)) return false;
      c = 0x10000 + ((c - 0xD800) << 10) + ((low - 0xDC00) & 0x3FF);
    }
    to = put_utf8(to, c);
    return true;
  }
  bool hex4(std::uint32_t& value) {
    if (end_ - at_ < 4) return false;
    value = 0;
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t digit = hex_value(*at_++);
      if (digit > 15) return false;
      value = value << 4 | digit;
    }
    return true;
  }

  char* at_;
  char* const end_;
  bool ok_ = true;
};

std::unexpected<Error> malformed(const char* what) {
  return fail(Errc::malformed, std::string("the JSON header ") + what);
}

Result<void> take_ext(Cursor& in, ExtFields& ext) {
  if (in.peek() != '{') {
    in.skip();
    return {};
  }
  in.expect('{');
  if (in.accept('}')) return {};
  do {
    const std::string_view name = in.scalar_key();
    in.expect(':');
    const bool nested = in.peek() == '{' || in.peek() == '[';
    if (nested) {
      in.skip();
    } else if (const std::string_view value = in.scalar(); in.ok() && !ext.add(name, value)) {
      return malformed("has more than 64 extFields");
    }
  } while (in.ok() && in.accept(','));
  in.expect('}');
  return {};
}

/// Numbers may come as strings; what is not a number counts as 0, as an absent one would.
std::int32_t take_int(Cursor& in) { return parse_number<std::int32_t>(in.scalar()).value_or(0); }

Language take_language(Cursor& in) {
  const std::string_view text = in.scalar();
  const auto ordinal = parse_number<std::int64_t>(text);
  return ordinal ? language_of(*ordinal) : language_of(text);
}

Result<void> take_member(Cursor& in, std::string_view key, Command& out) {
  if (key == "code") {
    out.code = take_int(in);
  } else if (key == "opaque") {
    out.opaque = take_int(in);
  } else if (key == "flag") {
    out.flag = take_int(in);
  } else if (key == "version") {
    out.version = take_int(in);
  } else if (key == "language") {
    out.language = take_language(in);
  } else if (key == "remark") {
    out.remark = in.scalar();
  } else if (key == "extFields") {
    return take_ext(in, out.ext);
  } else {
    in.skip();
  }
  return {};
}

}  // namespace

Result<void> decode_json_header(MutableBytes header, Command& command) {
  char* const text = reinterpret_cast<char*>(header.data());
  Cursor in(text, text + header.size());
  if (!in.expect('{')) return malformed("does not begin with '{'");
  if (in.accept('}')) return {};
  do {
    const std::string_view key = in.scalar_key();
    in.expect(':');
    SLUICE_CHECK(take_member(in, key, command));
  } while (in.ok() && in.accept(','));
  if (!in.expect('}')) return malformed("is not JSON");
  return {};
}

}  // namespace sluice::wire::remoting
