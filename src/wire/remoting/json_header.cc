#include "base/numbers.h"
#include "wire/json/cursor.h"
#include "wire/remoting/header_codec.h"

namespace sluice::wire::remoting {
namespace {

using json::Cursor;

std::unexpected<Error> malformed(const char* what) {
  return fail(Errc::malformed, std::string("the JSON header ") + what);
}

Result<void> take_ext(Cursor& in, ExtFields& ext) {
  bool room = true;
  in.texts(
      [&](std::string_view name, std::string_view value) { room = room && ext.add(name, value); });
  if (in.ok() && !room) return malformed("has more than 64 extFields");
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
    const std::string_view key = in.key();
    in.expect(':');
    SLUICE_CHECK(take_member(in, key, command));
  } while (in.ok() && in.accept(','));
  if (!in.expect('}')) return malformed("is not JSON");
  return {};
}

}  // namespace sluice::wire::remoting
