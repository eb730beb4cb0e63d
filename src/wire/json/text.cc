#include "wire/json/text.h"

#include <charconv>

namespace sluice::wire::json {

void append_escaped(Buffer& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  while (!text.empty()) {
    const std::size_t plain = plain_prefix(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const char c = text.front();
    text.remove_prefix(1);
    static constexpr std::string_view kFrom = "\"\\\b\f\n\r\t", kTo = "\"\\bfnrt";
    if (const std::size_t i = kFrom.find(c); i != kFrom.npos) {
      out.append('\\');
      out.append(kTo[i]);
    } else {
      out.append("\\u00");
      out.append(kHex[static_cast<unsigned char>(c) >> 4]);
      out.append(kHex[c & 15]);
    }
  }
}

void append_number(Buffer& out, std::int64_t value) {
  char* const to = reinterpret_cast<char*>(out.reserve(20));
  out.commit(static_cast<std::size_t>(std::to_chars(to, to + 20, value).ptr - to));
}

}  // namespace sluice::wire::json
